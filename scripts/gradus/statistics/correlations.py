"""Correlations: within groups of points, and of ranks; exact by permutation where the points are few."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray

from gradus.statistics.distributions import normal_above, normal_below, normal_quantile, t_above, t_below
from gradus.statistics.intervals import Estimate

# With so many points or fewer every order is looked at (8! = 40,320).
ENUMERATED = 8
# A Fisher interval with a larger standard error spans nearly everything and is not told.
WIDEST = 0.5


@dataclass(frozen=True)
class Correlation:
    """A coefficient; ``spread`` is the standard error of its Fisher transform, None where there are too few points for one.

    ``smallest_p`` is the smallest one-sided p that so many points (with these ties) can have.
    """

    r: float
    p_positive: float
    p_negative: float
    spread: float | None
    points: int
    smallest_p: float = 0.0

    @property
    def cannot_decide(self) -> bool:
        """Whether not even perfect agreement would be significant at 5 %, two-sided."""
        return 2 * self.smallest_p >= 0.05

    @property
    def interval(self) -> Estimate:
        """95 %, by Fisher's transform; the whole range where there are too few points."""
        if self.spread is None or self.spread > WIDEST:
            return Estimate(self.r, -1.0, 1.0)
        middle, half = _fisher(self.r), 1.959964 * self.spread
        return Estimate(self.r, math.tanh(middle - half), math.tanh(middle + half))

    def p_below(self, bound: float) -> float:
        """The one-sided p for a true correlation below ``bound`` (Fisher); 1 where there are too few points for it."""
        if self.spread is None:
            return 1.0
        return normal_below((_fisher(self.r) - math.atanh(bound)) / self.spread)

    def p_within(self, bound: float) -> float:
        """The p for a true correlation between ``-bound`` and ``bound`` (two one-sided tests); 1 as for ``p_below``."""
        if self.spread is None:
            return 1.0
        return max(self.p_below(bound), 1 - self.p_below(-bound))

    def power(self, r: float, alpha: float = 0.05) -> float:
        """The chance that a true correlation of ``r`` is found (one side of a two-sided test)."""
        if self.spread is None or self.cannot_decide:
            return 0.0
        return normal_above(normal_quantile(1 - alpha / 2) - math.atanh(r) / self.spread)

    def detectable(self, power: float = 0.8, alpha: float = 0.05) -> float | None:
        """The smallest true correlation found with ``power``; None where none can be."""
        if self.spread is None or self.cannot_decide:
            return None
        quantiles = normal_quantile(1 - alpha / 2) + normal_quantile(power)
        return math.tanh(quantiles * self.spread)


def _fisher(r: float) -> float:
    """Fisher's transform, finite for a perfect correlation too."""
    return math.atanh(max(-0.999999, min(0.999999, r)))


_NOTHING = (0.0, 1.0, 1.0, None)


def within_groups(
    groups: Sequence[Hashable],
    x: Sequence[float],
    y: Sequence[float],
    covariates: Sequence[Sequence[float]] = (),
) -> Correlation:
    """Pearson's r after both are centred within their group and cleared of ``covariates`` (the partial correlation).

    With one group and up to ``ENUMERATED`` points its p is that of all permutations, else of Student's t with a degree of freedom
    less for each group and covariate. r is 0 and says nothing where a side does not vary.
    """
    members: dict[Hashable, list[int]] = {}
    for index, group in enumerate(groups):
        members.setdefault(group, []).append(index)
    sides = [np.array(values, dtype=float) for values in (x, y, *covariates)]
    for side in sides:
        for indices in members.values():
            side[indices] -= side[indices].mean()
    left, right, *cleared = sides
    axes: list[NDArray[np.float64]] = []
    for side in cleared:
        for axis in axes:
            side = side - axis * float((axis * side).sum())
        length = math.sqrt(float((side**2).sum()))
        if length > 1e-9:
            axes.append(side / length)
    for axis in axes:
        left, right = (side - axis * float((axis * side).sum()) for side in (left, right))
    used = len(axes)
    size = float(np.sqrt((left**2).sum() * (right**2).sum()))
    df = len(left) - len(members) - 1 - used
    if size < 1e-12 or df < 1:
        return Correlation(*_NOTHING, len(left), 0.5)
    r = max(-1.0, min(1.0, float((left * right).sum() / size)))
    spread = 1 / math.sqrt(df - 1) if df > 1 else None
    if len(members) == 1 and not used and len(left) <= ENUMERATED:
        return Correlation(r, *_enumerated(left, right), spread, len(left), _smallest(left, right))
    t = r * math.sqrt(df / max(1e-12, 1 - r**2))
    return Correlation(r, t_above(t, df), t_below(t, df), spread, len(left))


def flipped(groups: Sequence[Hashable], x: Sequence[float], y: Sequence[float]) -> Correlation:
    """Pearson's r within groups, as ``within_groups``; its p turns the sign of one side in whole groups.

    Points of a group that follow one another (levels, from coarse to fine) are no independent draws: two smooth series go
    together by chance. Turning a group over keeps the order within it, so that the groups are what counts. Exact up to 12
    groups.
    """
    whole = within_groups(groups, x, y)
    if whole.r == 0.0:
        return replace(whole, smallest_p=0.5)
    names, left, right = list(groups), np.array(x, dtype=float), np.array(y, dtype=float)
    members = [[index for index, one in enumerate(names) if one == group] for group in dict.fromkeys(names)]
    products = np.array([(left[p] - left[p].mean()) @ (right[p] - right[p].mean()) for p in members])
    products = products[np.abs(products) > 1e-15]
    if len(products) > 12:
        from scipy.stats import ttest_1samp

        positive = t_above(float(ttest_1samp(products, 0.0).statistic), len(products) - 1)
        return replace(whole, p_positive=positive, p_negative=1 - positive)
    signs = np.array(list(product((1.0, -1.0), repeat=len(products))))
    sums, seen = signs @ products, float(products.sum())
    slack = 1e-9 * float(np.abs(products).sum())
    positive, negative = float((sums >= seen - slack).mean()), float((sums <= seen + slack).mean())
    return replace(whole, p_positive=positive, p_negative=negative, smallest_p=0.5 ** len(products))


def ranks(x: Sequence[float], y: Sequence[float]) -> Correlation:
    """Kendall's tau with exact p, ties or not (for few points, such as students).

    Up to ``ENUMERATED`` points every order is counted. Interval after Fieller, Hartley and Pearson (1957).
    """
    n = len(x)
    if n < 3:
        return Correlation(*_NOTHING, n, 1.0)
    left, right = (_signs(np.asarray(side, dtype=float)) for side in (x, y))
    if not left.any() or not right.any():
        return Correlation(*_NOTHING, n, 1.0)
    from scipy.stats import kendalltau

    tau = float(kendalltau(x, y).statistic)
    spread = math.sqrt(0.437 / (n - 4)) if n > 4 else None
    if n <= ENUMERATED:
        orders = _orders(n)
        scores = (left * right[orders[:, :, None], orders[:, None, :]]).sum(axis=(1, 2))
        seen = float((left * right).sum())
        positive, negative = float((scores >= seen).mean()), float((scores <= seen).mean())
        return Correlation(tau, positive, negative, spread, n, float((scores >= scores.max()).mean()))
    method = "exact" if len({*x}) == n == len({*y}) else "asymptotic"
    positive, negative = (
        float(kendalltau(x, y, alternative=side, method=method).pvalue) for side in ("greater", "less")
    )
    return Correlation(tau, positive, negative, spread, n)


@lru_cache(maxsize=8)
def _orders(n: int) -> NDArray[np.int_]:
    return np.array(list(permutations(range(n))))


def _signs(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.sign(values[:, None] - values[None, :]))


def _enumerated(left: NDArray[np.float64], right: NDArray[np.float64]) -> tuple[float, float]:
    """One-sided p of a correlation among all orders of one side; equal ones count as at least as extreme."""
    products = (right[_orders(len(right))] * left).sum(axis=1)
    seen = float((left * right).sum())
    slack = 1e-9 * float(np.abs(products).max())
    return float((products >= seen - slack).mean()), float((products <= seen + slack).mean())


def _smallest(left: NDArray[np.float64], right: NDArray[np.float64]) -> float:
    products = (right[_orders(len(right))] * left).sum(axis=1)
    return float((products >= products.max() - 1e-9 * float(np.abs(products).max())).mean())
