"""Protocols: what a teacher is to the rest of the library, and what a provider's client is to the request queue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from gradus.records import Problem, Supervision
from gradus.teachers.errors import ProviderError
from gradus.teachers.requests.journal import Response


@dataclass(frozen=True)
class Task:
    """One question to a teacher: the problem, the supervision, and the original that a rewrite starts from."""

    problem: Problem
    supervision: Supervision
    original: str | None
    sample: int


class LocalTeacher(Protocol):
    """A teacher in this process. Answers of ``journaled`` ones are kept in the journal; the others read files."""

    journaled: bool

    def content(self, task: Task) -> Mapping[str, object]:
        """Everything that decides the answer, as plain JSON values: the request's identity."""
        ...

    def complete(self, task: Task) -> Response | None:
        """The teacher's answer; None where this teacher has none for the problem."""
        ...

    def facts(self) -> Mapping[str, object]:
        """What the manifest says of the teacher's files; nothing for most teachers."""
        return {}


class ChatClient(Protocol):
    """A provider: a class with these two methods is all that a new one needs.

    ``version`` names SDK and interface; it is kept with every answer.
    """

    version: str

    async def send(self, body: dict[str, Any]) -> Response:
        """The answer to one body; raises one of the errors in ``teachers.errors``."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


@dataclass(frozen=True)
class ModelList:
    """The names of models that a server lists; ``is_whole``: it says of no further ones."""

    names: tuple[str, ...]
    is_whole: bool


class ModelLister(Protocol):
    """A client that can ask its server, for free, which models there are; not every provider's can."""

    async def models(self) -> ModelList | None:
        """The models that the server lists; None where it has no such list."""
        ...

    async def has_model(self, model: str) -> bool:
        """Whether the server knows a model that it need not list."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


class BatchService(Protocol):
    """What batches need of a provider. Items go by the key of their request, which no two requests share.

    A call that fails raises UserError with the provider's words: BatchServiceTroubleError where that may pass.
    """

    most_items: int
    most_bytes: int
    keeps_tags: bool

    def submit(self, items: Sequence[tuple[str, dict[str, Any]]], tag: str) -> str:
        """Submit bodies by key; the provider's id of the batch."""
        ...

    def find(self, tag: str, since: float, count: int) -> list[str]:
        """Ids of batches that may be the one that was submitted under ``tag`` at or after ``since`` (Unix time)."""
        ...

    def has_ended(self, identifier: str) -> bool:
        """Whether nothing more will come of a batch (done, failed or expired)."""
        ...

    def now(self) -> float:
        """The time at which ``find`` may look for a batch that is submitted next, by the provider's clock (Unix time)."""
        ...

    def results(self, identifier: str) -> Iterator[tuple[str, Response | ProviderError]]:
        """Key and answer of every item that is there; the error of an item that failed or expired."""
        ...
