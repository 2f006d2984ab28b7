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


def wilson(correct: int, n: int) -> Estimate:
    """Accuracy with its Wilson score interval (95 %); ValueError for n = 0."""
    if n < 1:
        raise ValueError("no observation")
    interval = binomtest(correct, n).proportion_ci(0.95, method="wilson")
    return Estimate(correct / n, float(interval.low), float(interval.high))
