"""Intervals of one number, and what a test set of a given size can tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float


def wilson(correct: int, n: int) -> Estimate:
    """Accuracy with its Wilson score interval (95 %); ValueError for n = 0."""
    if n < 1:
        raise ValueError("no observation")
    interval = binomtest(correct, n).proportion_ci(0.95, method="wilson")
    return Estimate(correct / n, float(interval.low), float(interval.high))


def minimum_detectable_difference(n: int, disagreement: float = 0.2) -> float:
    """The paired difference found with 80 % power at 5 % (two-sided, normal approximation of McNemar's test).

    ``disagreement`` is the share of problems on which the two differ; 0.2 is typical of neighbouring cells.
    """
    return float((1.959964 + 0.841621) * np.sqrt(disagreement / n))
