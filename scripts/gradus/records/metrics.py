"""Metrics: the scores of one cell with one decoding, as its metric file holds them (docs/reference/outputs.md)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Self

from gradus.runtime.record import Record


@dataclass(frozen=True)
class Metrics(Record):
    """The cell and the problems that it was asked, its scores from 0 to 1, counts of its texts, what it was trained on.

    ``majority_accuracy`` and ``pass_at`` are None with one sample per problem; their keys are then absent from the file.
    """

    dataset: str
    teacher: str
    format: str
    level: str
    student: str
    seed: int
    problems: str
    decoding: str
    n: int
    samples: int
    correct: int
    accuracy: float
    interval_low: float
    interval_high: float
    truncated: int
    unparsable: int
    timeouts: int
    strict_correct: int
    strict_accuracy: float
    disagreements: int
    mean_completion_tokens: float
    most_frequent_answer: str
    most_frequent_answer_correct: int
    most_frequent_answer_accuracy: float
    chance_accuracy: float
    training_examples: int
    leaked_training_rows: int
    excerpt: bool
    majority_accuracy: float | None = None
    pass_at: dict[str, float] | None = None

    def to_json(self) -> dict[str, Any]:
        """The fields of the file; those that one sample per problem does not have are left out."""
        return {key: value for key, value in dataclasses.asdict(self).items() if value is not None}

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """The record of a metric file; UserError on a missing, unknown or badly typed field."""
        absent = {"majority_accuracy": None, "pass_at": None}
        return super().from_json({**absent, **value} if isinstance(value, dict) else value)
