"""Intervals of one number."""

from __future__ import annotations

from dataclasses import dataclass

from gradus.statistics.distributions import wilson_limits


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
    low, high = wilson_limits(correct, n, level)
    return Estimate(correct / n, low, high)
