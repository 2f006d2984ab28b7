"""Model lists: what a server says it has, asked for free; many servers have no such list, and some list only a part."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from urllib.parse import quote

import httpx2

from gradus.teachers.clients.failures import provider_error
from gradus.teachers.clients.redaction import Redaction
from gradus.teachers.errors import NotOfferedError
from gradus.teachers.protocols import ModelList

# The SDK's own way to get a path with a query.
Get = Callable[[str, dict[str, int]], Awaitable[httpx2.Response]]
_NEXT = ("has_more", "hasMore", "next", "next_page", "next_page_token", "nextPageToken", "next_cursor", "nextCursor")
_TOTALS = ("total", "total_count", "totalCount")


async def list_models(get: Get, path: str, query: dict[str, int], redaction: Redaction) -> ModelList | None:
    """The server's list of models at ``path``; None where it has none. Raises ProviderError."""
    try:
        return _read((await get(path, query)).content)
    except Exception as error:
        failure = provider_error(error, redaction)
    # Raised out here, so that the SDK's own error, which may quote the key, is not in its chain.
    if isinstance(failure, NotOfferedError):
        return None
    raise failure


async def has_model(get: Get, path: str, model: str, redaction: Redaction) -> bool:
    """Whether the server knows a model that its list does not name: an alias, say. Raises ProviderError."""
    try:
        return _is_model(_json((await get(f"{path}/{quote(model, safe='')}", {})).content))
    except Exception as error:
        failure = provider_error(error, redaction)
    if isinstance(failure, NotOfferedError):
        return False
    raise failure


def _read(content: bytes) -> ModelList | None:
    """The list in a body: under ``data``, as OpenAI and Anthropic have it, or the body itself; None where there is none."""
    value = _json(content)
    entries = value.get("data") if isinstance(value, dict) else value
    if not isinstance(entries, list):
        return None
    known = [one for one in entries if isinstance(one, dict) and isinstance(one.get("id"), str)]
    names = tuple(dict.fromkeys(name for one in known for name in _names(one)))
    is_whole = len(known) == len(entries) and not _goes_on(value, len(entries))
    # llama.cpp lists the file that it has loaded, and answers under any name.
    is_whole &= not any(one.get("owned_by") == "llamacpp" for one in known)
    return ModelList(names, is_whole) if names else None


def _names(entry: dict[str, Any]) -> Iterator[str]:
    """The names that may be asked for: the id, Mistral's aliases, OpenRouter's lasting name."""
    aliases = entry.get("aliases")
    names = [entry["id"], entry.get("canonical_slug"), *(aliases if isinstance(aliases, list) else [])]
    return (name for name in names if isinstance(name, str))


def _goes_on(value: object, listed: int) -> bool:
    """Whether a list is a page of a longer one."""
    if not isinstance(value, dict):
        return False
    totals = (value.get(name) for name in _TOTALS)
    if any(isinstance(total, int) and total > listed for total in totals):
        return True
    return any(value.get(name) for name in _NEXT) or any(
        _goes_on(value.get(name), listed) for name in ("links", "pagination", "meta")
    )


def _is_model(found: object) -> bool:
    """Whether a body tells of one model, in the shape of OpenAI, Gemini or within ``data``."""
    if not isinstance(found, dict) or found.get("error"):
        return False
    return "id" in found or "name" in found or _is_model(found.get("data"))


def _json(content: bytes) -> object:
    """A body's value; None where it is no JSON (a page, say)."""
    try:
        found: object = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found
