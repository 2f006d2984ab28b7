"""A request to a chat model, and its identity."""

# No `from __future__ import annotations`: with it Python 3.11 takes the fields that are NotRequired for required ones.
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NotRequired, Self, TypedDict

from gradus.teachers.requests.entries import LENGTH_FIELDS, output_limit
from gradus.teachers.requests.journal import Response, request_key
from gradus.teachers.thoughts import split_thoughts


class RequestContent(TypedDict):
    """The identity of a request: the body that is sent, and which sample and attempt it is."""

    body: dict[str, Any]
    sample: int
    attempt: NotRequired[int]


@dataclass(frozen=True)
class ChatRequest:
    """One request: its body and sample index identify it, and the attempt where a sample is drawn again.

    ``reader`` tells whether a response holds what its job needs; it is no part of the identity.
    """

    body: dict[str, Any]
    sample: int
    attempt: int = 0
    reader: Callable[[Response], bool] | None = field(default=None, compare=False, repr=False)

    @property
    def content(self) -> RequestContent:
        """The request's identity, as the journal keeps it."""
        content: RequestContent = {"body": self.body, "sample": self.sample}
        if self.attempt:
            content["attempt"] = self.attempt
        return content

    @cached_property
    def key(self) -> str:
        """The hash of the identity, under which the journal holds the answer."""
        return request_key(self.content)

    def can_be_read(self, response: Response) -> bool:
        """Whether a response holds what the job of this request needs; without a reader, a text."""
        return bool(split_thoughts(response.text)[1].strip()) if self.reader is None else self.reader(response)

    @property
    def limit(self) -> int | None:
        """The longest output that is asked for, in tokens; None where the body sets none."""
        return output_limit(self.body)

    def with_limit(self, limit: int) -> Self:
        """The same request with another longest output."""
        fields = {name: limit for name in LENGTH_FIELDS if name in self.body}
        return replace(self, body={**self.body, **fields})
