"""The interface of a teacher, and the teachers by name.

A local teacher answers at once from files or rules (tutors, gold, human, released). A remote one is asked over a network
through the purchase; its ``order`` says what is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from gradus.journal import Response
from gradus.paths import Supervision
from gradus.records import Problem

REMOTE = ("openai", "anthropic", "vllm")


@dataclass(frozen=True)
class Task:
    """One question to a teacher: the problem, what is wanted, and the original that a rewrite starts from."""

    problem: Problem
    supervision: Supervision
    original: str | None
    sample: int


class LocalTeacher(Protocol):
    """A teacher in this process. ``journaled`` ones are asked through the journal, the others read files."""

    journaled: bool

    def content(self, task: Task) -> dict[str, Any]:
        """Everything that decides the answer, as plain JSON values: the request's identity."""
        ...

    def complete(self, task: Task, content: dict[str, Any]) -> Response | None:
        """The teacher's answer; None where this teacher has none for the problem."""
        ...


def make_local_teacher(settings: dict[str, Any], folder: Path | None) -> LocalTeacher:
    """The teacher that a configuration entry describes; UserError where its files are absent."""
    kind = settings["provider"]
    if kind == "tutor":
        from gradus.teachers.tutor import TutorTeacher

        return TutorTeacher(**{key: settings[key] for key in ("wordings", "error_rate", "seed")})
    if kind == "released":
        from gradus.teachers.released import ReleasedTeacher

        return ReleasedTeacher(settings["author"], settings["allow_excerpt"], folder)
    if kind == "human":
        from gradus.teachers.human import HumanTeacher

        return HumanTeacher(folder)
    from gradus.teachers.gold import GoldTeacher

    return GoldTeacher()
