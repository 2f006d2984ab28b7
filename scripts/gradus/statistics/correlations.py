"""Correlations: over all points, within groups of points, and of ranks."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from gradus.statistics.intervals import Estimate


@dataclass(frozen=True)
class Correlation:
    """A coefficient; ``spread`` is the standard error of its Fisher transform, None where there are too few points for one."""

    r: float
    p_positive: float
    p_negative: float
    spread: float | None
    points: int

    @property
    def interval(self) -> Estimate:
        """95 %, by Fisher's transform; the whole range where there are too few points."""
        if self.spread is None:
            return Estimate(self.r, -1.0, 1.0)
        middle, half = math.atanh(max(-0.999999, min(0.999999, self.r))), 1.959964 * self.spread
        return Estimate(self.r, math.tanh(middle - half), math.tanh(middle + half))

    def power(self, r: float, alpha: float = 0.05) -> float:
        """The chance that a true correlation of ``r`` is found (one side of a two-sided test)."""
        if self.spread is None:
            return 0.0
        return float(stats.norm.sf(stats.norm.ppf(1 - alpha / 2) - math.atanh(r) / self.spread))


def within_groups(groups: Sequence[Hashable], x: Sequence[float], y: Sequence[float]) -> Correlation:
    """Pearson's r after both are centred within their group (the partial correlation given the groups).

    With one group this is the plain correlation. r is 0 and says nothing where a side does not vary.
    """
    members: dict[Hashable, list[int]] = {}
    for place, group in enumerate(groups):
        members.setdefault(group, []).append(place)
    left, right = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    for places in members.values():
        left[places] -= left[places].mean()
        right[places] -= right[places].mean()
    size = float(np.sqrt((left**2).sum() * (right**2).sum()))
    df = len(left) - len(members) - 1
    if size < 1e-12 or df < 1:
        return Correlation(0.0, 1.0, 1.0, None, len(left))
    r = max(-1.0, min(1.0, float((left * right).sum() / size)))
    t = r * math.sqrt(df / max(1e-12, 1 - r**2))
    spread = 1 / math.sqrt(df - 1) if df > 1 else None
    return Correlation(r, float(stats.t.sf(t, df)), float(stats.t.cdf(t, df)), spread, len(left))


def ranks(x: Sequence[float], y: Sequence[float]) -> Correlation:
    """Kendall's tau with exact p (for few points, such as students); interval after Fieller, Hartley and Pearson (1957)."""
    n = len(x)
    if n < 3:
        return Correlation(0.0, 1.0, 1.0, None, n)
    positive = stats.kendalltau(x, y, alternative="greater")
    if math.isnan(positive.statistic):
        return Correlation(0.0, 1.0, 1.0, None, n)
    negative = stats.kendalltau(x, y, alternative="less")
    spread = math.sqrt(0.437 / (n - 4)) if n > 4 else None
    return Correlation(float(positive.statistic), float(positive.pvalue), float(negative.pvalue), spread, n)
