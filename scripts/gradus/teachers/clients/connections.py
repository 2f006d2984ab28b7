"""Connections to a provider: keys that can be sent, and no proxy before this machine's own servers."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

import httpx2

from gradus.runtime.errors import UserError

# Connections are made anew in less time than an answer takes; a server that does not take them is found out sooner.
_CONNECT_SECONDS = 30.0


def usable_key(key: str, variable: str) -> str:
    """A key without the white space around it; UserError where it cannot be the value of a header (never showing it)."""
    stripped = key.strip()
    for position, character in enumerate(stripped, 1):
        if not "!" <= character <= "~":
            kind = "a line break" if character in "\r\n" else "a space" if character.isspace() else "no ASCII character"
            raise UserError(
                f"the key cannot be sent: character {position} of {len(stripped)} is {kind}",
                where=f"environment variable {variable}",
                hint="copy the key again; it is one word",
            )
    return stripped


def is_this_machine(base_url: str | None) -> bool:
    """Whether an address is of this machine (loopback), where no proxy stands before it."""
    host = urlsplit(base_url or "").hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def async_http(base_url: str | None, timeout: float) -> httpx2.AsyncClient | None:
    """The HTTP client of a server on this machine, which no proxy serves; None: the SDK's own."""
    if not is_this_machine(base_url):
        return None
    limits = httpx2.Limits(max_connections=1000, max_keepalive_connections=100)
    wait = httpx2.Timeout(timeout, connect=min(timeout, _CONNECT_SECONDS))
    return httpx2.AsyncClient(timeout=wait, limits=limits, trust_env=False, follow_redirects=True)


def http(base_url: str | None, timeout: float) -> httpx2.Client | None:
    """As ``async_http``, for batches."""
    if not is_this_machine(base_url):
        return None
    return httpx2.Client(timeout=timeout, trust_env=False, follow_redirects=True)
