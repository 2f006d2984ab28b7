"""Reuse: an answer that ended by itself under a lower output limit is whole, and so valid under a higher one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gradus.teachers.requests.chat_request import ChatRequest
from gradus.teachers.requests.journal import Journal, Response


@dataclass(frozen=True)
class Held:
    """An answer in the journal, and the request that it was given to (which may have had a lower limit)."""

    request: ChatRequest
    response: Response


def find_answer(journal: Journal, request: ChatRequest) -> Held | None:
    """The answer to a request: its own, else a whole one to the same request with a lower output limit; else None."""
    own = journal.look(request.key)
    if own is not None:
        return Held(request, own)
    for shorter in _shorter(journal, request):
        response = journal.look(shorter.key)
        if response is not None and response.finish_reason == "stop":
            return Held(shorter, response)
    return None


def find_output(journal: Journal, request: ChatRequest) -> int | None:
    """The output tokens of what ``find_answer`` finds, from the journal's index alone (see ``Journal.glance``); else None."""
    own = journal.glance(request.key)
    if own is not None:
        return own[0]
    found = (journal.glance(shorter.key) for shorter in _shorter(journal, request))
    return next((tokens for tokens, is_whole in filter(None, found) if is_whole), None)


def is_answered(journal: Journal, request: ChatRequest) -> bool:
    """Whether ``find_answer`` has an answer."""
    return find_answer(journal, request) is not None


def keys_of(request: ChatRequest, limits: Iterable[int]) -> Iterator[str]:
    """The key of a request, and those of the same request with a lower one of these output limits."""
    yield request.key
    yield from (shorter.key for shorter in _with_lower(request, limits))


def _shorter(journal: Journal, request: ChatRequest) -> Iterator[ChatRequest]:
    """The same request with the lower output limits that the journal knows, the highest first."""
    yield from _with_lower(request, journal.limits)


def _with_lower(request: ChatRequest, limits: Iterable[int]) -> Iterator[ChatRequest]:
    limit = request.limit
    for other in sorted(limits, reverse=True):
        if limit is not None and other < limit:
            yield request.with_limit(other)
