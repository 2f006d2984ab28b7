"""Reuse: an answer that ended by itself under a lower output limit is whole, and so valid under a higher one."""

from __future__ import annotations

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
    limit = request.limit
    lower = [other for other in journal.limits if limit is not None and other < limit]
    for other in sorted(lower, reverse=True):
        shorter = request.with_limit(other)
        response = journal.look(shorter.key)
        if response is not None and response.finish_reason == "stop":
            return Held(shorter, response)
    return None


def is_answered(journal: Journal, request: ChatRequest) -> bool:
    """Whether ``find_answer`` has an answer."""
    return find_answer(journal, request) is not None
