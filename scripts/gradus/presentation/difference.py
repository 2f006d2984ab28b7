"""Differences: two numbers for the same thing, their difference with its interval, and how many differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gradus.presentation.number import Number
from gradus.presentation.table import Table
from gradus.records import Supervision
from gradus.statistics.contrasts import Contrast
from gradus.statistics.intervals import Estimate
from gradus.statistics.measurements import Measurement

CSV_COLUMNS = ("difference", "interval_low", "interval_high", "differs")


@dataclass(frozen=True)
class Difference:
    """Two numbers by the names of what they measure; ``contrast`` is None where no interval can be had."""

    names: tuple[str, ...]
    first: Number
    second: Number
    contrast: Contrast | None

    @property
    def differs(self) -> bool:
        """Whether the 95 % interval of the difference excludes zero."""
        return self.contrast is not None and self.contrast.excludes_zero

    @property
    def number(self) -> Number:
        """The difference with its interval; first minus second where there is no contrast that says otherwise."""
        if self.contrast is not None:
            return points(self.contrast.interval())
        assert self.first.value is not None and self.second.value is not None
        gap = self.first.value - self.second.value
        return Number(gap, unit="more tokens" if self.first.unit == "tokens" else "points")


def between(
    supervision: Supervision, student: str, first: Measurement, second: Measurement, contrast: Contrast
) -> Difference:
    """The difference of two measured accuracies of the same supervision and student."""
    numbers = [Number(side.mean, runs=side.runs) for side in (first, second)]
    return Difference((supervision.dataset, supervision.short, student), numbers[0], numbers[1], contrast)


def points(estimate: Estimate) -> Number:
    """A difference of two accuracies."""
    return Number(estimate.value, estimate.low, estimate.high, unit="points")


def csv_values(contrast: Contrast | None) -> list[float | bool | None]:
    """The values of ``CSV_COLUMNS``."""
    if contrast is None:
        return [None] * len(CSV_COLUMNS)
    interval = contrast.interval()
    return [interval.value, interval.low, interval.high, contrast.excludes_zero]


def summary(contrasts: Sequence[Contrast]) -> str:
    """How many differ, and how many would if nothing did."""
    apart = sum(contrast.excludes_zero for contrast in contrasts)
    return (
        f"{apart} of {len(contrasts)} differ by more than both are uncertain "
        f"(95 %, each by itself: {0.05 * len(contrasts):.1f} would by chance)."
    )


def table(heads: Sequence[str], differences: Sequence[Difference], align: str = "") -> Table:
    """A row per difference; ``heads`` for the names, both numbers, the difference and the word ``differs``."""
    rows = [
        [
            *row.names,
            *(f"{side.text} ({side.runs})" for side in (row.first, row.second)),
            str(row.number),
            "differs" if row.differs else "",
        ]
        for row in differences
    ]
    return Table(heads, rows, names=len(heads) - 4, align=align)
