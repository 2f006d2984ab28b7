"""Measurements: the accuracy of one condition as item rows of several runs, or as mean and standard deviation only.

Both kinds answer the same questions; what can be decided from which is in ``contrasts``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

# Two runs that solve the same problems are one run, if there are this many solved and unsolved ones: chance does not do that.
INFORMATIVE = 5


@dataclass(frozen=True, eq=False)
class Rows:
    """Scores of every run on every problem: ``scores`` is (runs, problems), 0 to 1 (a share where several samples were drawn).

    ``clusters`` is a number per problem, the same for problems that are variants of one another (a template, a base problem) and
    so vary together; None where each is a draw of its own.

    A run whose row equals an earlier one is dropped (a checkpoint decoded twice, a seed that changes nothing); ``repeated``
    counts them. Rows with fewer than ``INFORMATIVE`` solved or unsolved problems may be equal by chance and stay. With
    ``distinct`` no row is dropped: the rows were made from rows that had been looked through.
    """

    scores: NDArray[np.float64]
    clusters: NDArray[np.int_] | None = None
    distinct: bool = False
    repeated: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        if self.scores.ndim != 2 or 0 in self.scores.shape:
            raise ValueError("scores of at least one run on at least one problem are needed")
        if self.clusters is not None and len(self.clusters) != self.scores.shape[1]:
            raise ValueError("a cluster for every problem is needed")
        if len(self.scores) > 1 and not self.distinct:
            kept: list[int] = []
            for run, row in enumerate(self.scores):
                informative = min(int((row > 0).sum()), int((row < 1).sum())) >= INFORMATIVE
                if not (informative and any(np.array_equal(row, self.scores[other]) for other in kept)):
                    kept.append(run)
            object.__setattr__(self, "repeated", len(self.scores) - len(kept))
            object.__setattr__(self, "scores", self.scores[kept])

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
    """A variance over runs pooled over conditions; ``df`` is 0 where every condition has one run."""

    variance: float
    df: int


def pooled_seed_variance(measured: Iterable[Measurement]) -> SeedVariance:
    """One variance over runs for conditions that may be taken to share it (one student on one dataset).

    No verdict rests on it: accuracies at the floor vary less than others, and a pool of both calls equals different in up to a
    quarter of studies. It stands in for a cell of one run, and beside a cell's own variance as a check.
    """
    total, df = 0.0, 0
    for one in measured:
        if one.runs > 1 and one.sd is not None:
            total += (one.runs - 1) * one.sd**2
            df += one.runs - 1
    return SeedVariance(total / df if df else math.nan, df)


def run_variance(measurement: Measurement) -> float | None:
    """A condition's own variance over runs; None for one run.

    A printed sd of 0 is a rounded one: the binomial variance stands for it, and infinity where the number of problems is unknown.
    """
    if measurement.runs < 2 or measurement.sd is None:
        return None
    if measurement.sd > 0 or isinstance(measurement, Rows):
        return measurement.sd**2
    return binomial_variance(measurement.mean, measurement.n) if measurement.n else math.inf


def binomial_variance(accuracy: float, n: int) -> float:
    """Of one accuracy, with one success and one failure added (Agresti and Caffo 2000), so that 0 of n is not certain."""
    adjusted = (accuracy * n + 1) / (n + 2)
    return adjusted * (1 - adjusted) / (n + 2)


def logit(measurement: Measurement) -> float:
    """The log odds of a condition's accuracy, with half a success and half a failure added to what all runs solved."""
    total = measurement.runs * (measurement.n or 1000)
    return math.log((measurement.mean * total + 0.5) / ((1 - measurement.mean) * total + 0.5))
