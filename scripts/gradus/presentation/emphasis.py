"""Emphasis: which of several accuracies may be set in bold, which is what a test supports and no more."""

from __future__ import annotations

from functools import lru_cache

from gradus.presentation.number import LEAKED, Number
from gradus.statistics.families import not_told_from_best
from gradus.statistics.measurements import Measurement, Summary, pooled_seed_variance

BOLD_NOTE = (
    " Bold: may be the best of its {rivals} (multiple comparisons with the best, 95 %, other seeds on these problems); "
    "numbers from one run are not compared, and nothing is bold where all may be the best."
)


@lru_cache(maxsize=4096)
def may_be_best(rivals: tuple[Number, ...]) -> frozenset[int]:
    """The places of those that may be the best; none where nothing is told apart.

    Numbers trained on test questions are left out. Numbers from one run are not compared, and where one of them is the highest
    nothing is bold.
    """
    there = {index: one for index, one in enumerate(rivals) if one.value is not None and not one.has(LEAKED)}
    measured: dict[int, Measurement] = {
        index: Summary(one.value or 0.0, one.sd, one.runs, one.n)
        for index, one in there.items()
        if one.runs > 1 and one.sd is not None
    }
    if len(measured) < 2 or max(there, key=lambda index: there[index].value or 0.0) not in measured:
        return frozenset()
    kept = not_told_from_best(measured, pooled_seed_variance(measured.values()))
    return frozenset(kept) if len(kept) < len(measured) else frozenset()
