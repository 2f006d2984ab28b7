"""Model lists: what a server says it has, asked for free; many servers have no such list, and some list only a part."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from urllib.parse import quote

import httpx2

from gradus.teachers.clients.failures import provider_error
from gradus.teachers.clients.redaction import Redaction
from gradus.teachers.errors import NotOfferedError
from gradus.teachers.protocols import ModelList

# The SDK's own way to get a path with a query.
Get = Callable[[str, dict[str, int]], Awaitable[httpx2.Response]]


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
        found = _json((await get(f"{path}/{quote(model, safe='')}", {})).content)
        return isinstance(found, dict) and "id" in found
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
    names = tuple(one["id"] for one in entries if isinstance(one, dict) and isinstance(one.get("id"), str))
    return ModelList(names, not (isinstance(value, dict) and value.get("has_more"))) if names else None


def _json(content: bytes) -> object:
    """A body's value; None where it is no JSON (a page, say)."""
    try:
        found: object = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found
