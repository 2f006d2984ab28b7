"""Metrics: the scores of one cell with one decoding, as its metric file holds them (docs/reference/outputs.md)."""

from __future__ import annotations

from dataclasses import dataclass

from gradus.runtime.record import Record


@dataclass(frozen=True, kw_only=True)
class Scores(Record):
    """Scores of a student's texts, from 0 to 1, and their counts; ``n`` problems with ``samples`` texts each.

    ``majority_accuracy`` and ``pass_at`` are None with one sample per problem; their keys are then absent from the file.
    """

    MAY_BE_ABSENT = frozenset({"majority_accuracy", "pass_at"})

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
    majority_accuracy: float | None = None
    pass_at: dict[str, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Metrics(Scores):
    """The scores of a cell, the problems that it was asked, and what it was trained on."""

    dataset: str
    teacher: str
    format: str
    level: str
    student: str
    seed: int
    problems: str
    decoding: str
    training_examples: int
    leaked_training_rows: int
    excerpt: bool


@dataclass(frozen=True, kw_only=True)
class TeacherScores(Record):
    """A teacher's accuracy on ``n`` test problems, from 0 to 1, with the interval of its first samples, and its verdicts."""

    n: int
    samples: int
    correct: int
    accuracy: float
    interval_low: float
    interval_high: float
    unanswered: int
    verdicts: dict[str, int]
