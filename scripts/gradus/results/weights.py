"""Weights: how many parameters a student of a study has."""

from __future__ import annotations

from gradus.results.store import Results
from gradus.students.model_sizes import size_of
from gradus.study import paths
from gradus.study.config import base_of


def weights_of(results: Results, student: str) -> int | None:
    """How many weights a student has; None where only the model itself could say, and is not here.

    Of a pretrained student its trial has counted them: an archive holds that count, and not always the model.
    """
    base = base_of(student)
    trial = (results.find_run_record(paths.Artifact(f"{paths.STUDENT}.jsonl"), student=base) or {}).get("trial")
    if trial is not None and "parameters" in trial:
        return int(trial["parameters"])
    found = size_of(results.study.origin_of(student), results.path(paths.STUDENT, student=base), frozen=False)
    return None if found is None else found[0]
