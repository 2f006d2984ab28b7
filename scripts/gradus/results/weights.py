"""Weights: how many parameters a student of a study has."""

from __future__ import annotations

from gradus.results.store import Results
from gradus.students.model_sizes import size_of
from gradus.study import paths
from gradus.study.config import base_of


def weights_of(results: Results, student: str) -> int | None:
    """How many weights a student has; None where only the model itself could say, and is not here."""
    folder = results.path(paths.STUDENT, student=base_of(student))
    found = size_of(results.study.origin_of(student), folder, frozen=False)
    return None if found is None else found[0]
