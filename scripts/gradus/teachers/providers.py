"""The interface of a teacher, and the teachers by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from gradus.journal import Response
from gradus.paths import Supervision
from gradus.records import Problem


@dataclass(frozen=True)
class Task:
    """One question to a teacher: the problem, what is wanted, and the original that a rewrite starts from."""

    problem: Problem
    supervision: Supervision
    original: str | None
    sample: int


class Provider(Protocol):
    """A teacher. ``journaled`` teachers are asked through the journal, the others read files and cost nothing."""

    journaled: bool

    def content(self, task: Task) -> dict[str, Any]:
        """Everything that decides the answer, as plain JSON values: the request's identity."""
        ...

    def complete(self, task: Task, content: dict[str, Any]) -> Response | None:
        """The teacher's answer; None where this teacher has none for the problem."""
        ...


def make_provider(settings: dict[str, Any], folder: Path | None) -> Provider:
    """The teacher that a configuration entry describes; UserError where its files are absent."""
    kind = settings["provider"]
    if kind == "tutor":
        from gradus.teachers.tutor import TutorProvider

        return TutorProvider(**{key: settings[key] for key in ("wordings", "error_rate", "seed")})
    if kind == "released":
        from gradus.teachers.released import ReleasedProvider

        return ReleasedProvider(settings["author"], folder)
    from gradus.teachers.gold import GoldProvider

    return GoldProvider()
