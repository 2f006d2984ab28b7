"""Web addresses in study files: what no client could ask is told with the study, not by a job."""

from __future__ import annotations

from urllib.parse import urlsplit

_ADDED = ("/chat/completions", "/completions", "/v1/messages", "/messages")


def is_web_address(text: str) -> bool:
    """Whether a text is the address of a server: http or https, a host, a port that can be one, no white space."""
    try:
        parts = urlsplit(text)
        _ = parts.port  # ValueError for what is no port
    except ValueError:
        return False
    is_one_word = not any(character.isspace() for character in text)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and is_one_word


def added_path(address: str) -> str | None:
    """The end of an address that a client adds itself, and would ask for twice; None where it ends otherwise."""
    path = urlsplit(address).path.rstrip("/")
    return next((end for end in _ADDED if path.endswith(end)), None)
