"""Intervals and differences, with what they can and cannot tell."""

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


def paired_difference(left: list[bool], right: list[bool], resamples: int = 10_000, seed: int = 0) -> Estimate:
    """Accuracy of ``left`` minus ``right`` on the same problems: paired bootstrap over problems (95 %, percentile).

    With one seed this compares two checkpoints, not two conditions. ValueError if the lengths differ or are zero.
    """
    if len(left) != len(right) or not left:
        raise ValueError("paired results of the same, non-empty set of problems are needed")
    difference = np.asarray(left, dtype=float) - np.asarray(right, dtype=float)
    rng = np.random.default_rng(seed)
    draws = rng.multinomial(len(difference), np.full(len(difference), 1 / len(difference)), size=resamples)
    means = draws @ difference / len(difference)
    low, high = np.quantile(means, [0.025, 0.975])
    return Estimate(float(difference.mean()), float(low), float(high))


def minimum_detectable_difference(n: int, disagreement: float = 0.2) -> float:
    """The paired difference found with 80 % power at 5 % (two-sided, normal approximation of McNemar's test).

    ``disagreement`` is the share of problems on which the two differ; 0.2 is typical of neighbouring cells.
    """
    return float((1.959964 + 0.841621) * np.sqrt(disagreement / n))
