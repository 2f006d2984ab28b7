"""Servers: an answer of one server is none of another, whatever both call the model (another quantisation, say)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gradus.runtime.errors import UserError
from gradus.study.config.teachers import AnthropicTeacher, ChatTeacher, OpenAITeacher

if TYPE_CHECKING:  # not needed to name a server, and heavy
    from gradus.teachers.requests.journal import Journal

_USUAL = {"openai": "api.openai.com/v1", "anthropic": "api.anthropic.com"}


def server_of(teacher: ChatTeacher) -> str | None:
    """The server of an entry, as the journal notes it: host, port and path; None for one that is started for the job."""
    if not isinstance(teacher, OpenAITeacher | AnthropicTeacher):
        return None
    return _noted(teacher.base_url) if teacher.base_url else _USUAL[teacher.provider]


def address_of(teacher: OpenAITeacher | AnthropicTeacher) -> str:
    """The address of an entry's server, to be shown: without user, password and query."""
    scheme, separator, _ = (teacher.base_url or "").partition("://")
    return f"{scheme if separator else 'https'}://{server_of(teacher)}"


def check_server(teacher: ChatTeacher, journal: Journal) -> None:
    """UserError where the journal's answers come from another server than the entry's, unless it says that it is the same.

    Entries of older versions do not say where they come from, and are taken.
    """
    own = server_of(teacher)
    same = {own, *map(_noted, teacher.same_server_as)}
    others = sorted(set(journal.servers) - {name for name in same if name})
    if own is None or not others:
        return
    count = sum(journal.servers[name] for name in others)
    raise UserError(
        f"{count} answers in this journal come from {', '.join(others)}, and this entry asks {own}",
        where=journal.folder,
        hint="another server is another teacher: give the entry another name; "
        f"if it is the same one, say so: same_server_as: [{', '.join(others)}]",
    )


def _noted(address: str) -> str:
    """Host, port and path of an address, without user, password and query."""
    parts = urlsplit(address if "//" in address else f"//{address}")
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    port = f":{parts.port}" if parts.port else ""
    return f"{host}{port}{parts.path}".rstrip("/")
