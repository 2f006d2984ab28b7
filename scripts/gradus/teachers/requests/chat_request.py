"""A request to a chat model, and its identity."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gradus.teachers.requests.journal import request_key


@dataclass(frozen=True)
class ChatRequest:
    """One request: its body and sample index identify it, and the attempt where a sample is drawn again."""

    body: dict[str, Any]
    sample: int
    attempt: int = 0

    @property
    def content(self) -> dict[str, Any]:
        """The request's identity, as the journal keeps it."""
        again = {"attempt": self.attempt} if self.attempt else {}
        return {"body": self.body, "sample": self.sample, **again}

    @cached_property
    def key(self) -> str:
        """The hash of the identity, under which the journal holds the answer."""
        return request_key(self.content)
