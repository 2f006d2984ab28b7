"""Scorers: the students whose base models score texts for a transform."""

from __future__ import annotations

from typing import Any

from pydantic import Field

SCORED = ("loss", "entropy")


def is_none(value: object) -> bool:
    """Keys that came later leave the dump, and so the identity, of a transform that does not use them as it was."""
    return value is None


def scorer_key(what: str) -> Any:
    """The key that names the student, for those values of `by` that ask it."""
    return Field(
        None,
        exclude_if=is_none,
        description=f"With {what}: the student whose base model reads the texts, before any training.",
    )


def has_scorer(by: str, name: str | None) -> None:
    """ValueError where a score is asked for and no student is named, or one is named for nothing."""
    if (by in SCORED) != (name is not None):
        raise ValueError(
            f"by: {' and by: '.join(SCORED)} need scored_by, the student that reads the texts; others have none"
        )
