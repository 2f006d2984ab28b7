"""A request to a chat model, and its identity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from gradus.teachers.requests.entries import LENGTH_FIELDS, output_limit
from gradus.teachers.requests.journal import request_key


@dataclass(frozen=True)
class ChatRequest:
    """One request: its body and sample index identify it, and the attempt where a sample is drawn again."""

    body: dict[str, Any]
    sample: int
    attempt: int = 0

    @property
    def content(self) -> Mapping[str, object]:
        """The request's identity, as the journal keeps it."""
        again = {"attempt": self.attempt} if self.attempt else {}
        return {"body": self.body, "sample": self.sample, **again}

    @cached_property
    def key(self) -> str:
        """The hash of the identity, under which the journal holds the answer."""
        return request_key(self.content)

    @property
    def limit(self) -> int | None:
        """The longest output that is asked for, in tokens; None where the body sets none."""
        return output_limit(self.body)

    def with_limit(self, limit: int) -> ChatRequest:
        """The same request with another longest output."""
        fields = {name: limit for name in LENGTH_FIELDS if name in self.body}
        return replace(self, body={**self.body, **fields})
