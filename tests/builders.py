"""Builders: records that several tests need, with everything filled in that a test does not care about."""

from __future__ import annotations

from typing import Any

from gradus.records import Annotation, Problem
from gradus.records.vocabulary import Verdict


def problem(identifier: str = "p1", **changes: Any) -> Problem:
    """A problem with a number for an answer; ``changes`` are other fields."""
    fields: dict[str, Any] = {
        "id": identifier,
        "dataset": "d",
        "split": "train",
        "question": "How many?",
        "choices": None,
        "answer": "3",
        "answer_kind": "number",
        "rationale": None,
        "solution": None,
        "source": "test",
        "revision": None,
    }
    return Problem(**{**fields, **changes})


def annotation(
    identifier: str, verdict: Verdict = "agrees", answer: str | None = "3", rationale: str = "1 + 2 = 3."
) -> Annotation:
    """A first annotation of a problem at L1 by the teacher ``t``."""
    return Annotation(
        identifier, 0, 0, "d", "t", "original", "L1", rationale, answer, verdict, "hash", "m", {}, "stop", {}, None
    )
