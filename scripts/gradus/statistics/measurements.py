"""Measurements: the accuracy of one condition as item rows of several runs, or as mean and standard deviation only.

Both kinds answer the same questions; what can be decided from which is in ``contrasts``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Rows:
    """Scores of every run on every problem: ``scores`` is (runs, problems), 0 to 1 (a share where several samples were drawn)."""

    scores: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.scores.ndim != 2 or 0 in self.scores.shape:
            raise ValueError("scores of at least one run on at least one problem are needed")

    @property
    def runs(self) -> int:
        return int(self.scores.shape[0])

    @property
    def n(self) -> int | None:
        return int(self.scores.shape[1])

    @property
    def mean(self) -> float:
        return float(self.scores.mean())

    @property
    def sd(self) -> float | None:
        """Standard deviation over runs; None for one run."""
        return float(self.scores.mean(axis=1).std(ddof=1)) if self.runs > 1 else None

    @cached_property
    def by_problem(self) -> NDArray[np.float64]:
        """The mean over runs for each problem."""
        return np.asarray(self.scores.mean(axis=0))

    @cached_property
    def residual(self) -> float:
        """Mean variance of a problem's score over runs; 0 for one run."""
        return float(self.scores.var(axis=0, ddof=1).mean()) if self.runs > 1 else 0.0


@dataclass(frozen=True)
class Summary:
    """What a paper prints: the mean over runs (0 to 1), their standard deviation (None for one run), problems where known."""

    mean: float
    sd: float | None
    runs: int
    n: int | None = None


Measurement = Rows | Summary


@dataclass(frozen=True)
class SeedVariance:
    """The variance over runs, pooled over conditions; ``df`` is 0 where every condition has one run."""

    variance: float
    df: int


def pooled_seed_variance(measured: Iterable[Measurement]) -> SeedVariance:
    """One variance over runs for conditions that may be taken to share it (one student on one dataset).

    Three runs tell little of a variance; six levels with three runs each tell it with 12 degrees of freedom. Conditions of
    one run add nothing and are taken to vary like the others.
    """
    total, df = 0.0, 0
    for one in measured:
        if one.runs > 1 and one.sd is not None:
            total += (one.runs - 1) * one.sd**2
            df += one.runs - 1
    return SeedVariance(total / df if df else math.nan, df)
