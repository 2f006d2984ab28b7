"""Annotations: what a teacher wrote, and the training examples that are made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gradus.records.vocabulary import Verdict
from gradus.runtime.errors import UserError
from gradus.runtime.record import Record


@dataclass(frozen=True)
class Annotation(Record):
    """One rationale that a teacher wrote for one problem, with its verdict; nothing is filtered here.

    ``attempt`` counts how often a sample was drawn again for its verdict (0: the first). ``parameters`` are those that
    were really sent; what is not among them was the provider's default. ``usage`` counts tokens as the provider counts
    them, ``price_usd`` is None where no price is known.
    """

    problem_id: str
    sample: int
    attempt: int
    dataset: str
    teacher: str
    format: str
    level: str
    rationale: str
    answer: str | None
    verdict: Verdict
    request_hash: str
    model: str
    parameters: dict[str, Any]
    finish_reason: str
    usage: dict[str, int]
    price_usd: float | None

    @property
    def key(self) -> str:
        return f"{self.problem_id}#{self.sample}#{self.attempt}"


@dataclass(frozen=True)
class Example(Record):
    """One training example: what the student reads (``prompt``) and what it learns to write (``completion``)."""

    problem_id: str
    sample: int
    prompt: str
    completion: str
    verdict: Verdict

    @property
    def key(self) -> str:
        return f"{self.problem_id}#{self.sample}"

    def check(self) -> None:
        if not self.completion.strip():
            raise UserError(f"example {self.problem_id!r} has an empty completion")
