"""Predictions: what a student wrote, and how it was scored."""

from __future__ import annotations

from dataclasses import dataclass

from gradus.records.vocabulary import Ending, Failure
from gradus.runtime.record import Record


@dataclass(frozen=True)
class Prediction(Record):
    """What a student wrote for one problem; token counts are the student's own tokens."""

    problem_id: str
    sample: int
    prompt_hash: str
    text: str
    finish_reason: Ending
    prompt_tokens: int
    completion_tokens: int

    @property
    def key(self) -> str:
        return f"{self.problem_id}#{self.sample}"


@dataclass(frozen=True)
class Scored(Record):
    """One prediction with its extracted answer, whether it is correct (by our rules; ``strict``: by the paper's), and why not.

    ``failure``: ``empty``, ``no answer``, ``timeout`` (an expression that could not be compared in time), or None.
    """

    problem_id: str
    sample: int
    extracted: str | None
    correct: bool
    strict: bool
    failure: Failure | None
    truncated: bool

    @property
    def key(self) -> str:
        return f"{self.problem_id}#{self.sample}"
