"""Intervals of one number."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.stats import binomtest


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float


def wilson(correct: int, n: int, level: float = 0.95) -> Estimate:
    """Accuracy with its Wilson score interval; ValueError for n = 0."""
    if n < 1:
        raise ValueError("no observation")
    interval = binomtest(correct, n).proportion_ci(level, method="wilson")
    return Estimate(correct / n, float(interval.low), float(interval.high))
