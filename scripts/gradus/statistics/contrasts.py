"""Contrasts: weighted sums of accuracies (a difference of two, a slope over levels), tested with seeds and problems in the model.

Item rows of several runs are a mixed model with runs and problems as crossed random effects, estimated by moments: the
variance of a contrast is the pooled variance over runs, plus what the contrast varies over problems beyond that, with
Satterthwaite's degrees of freedom. So a result speaks of the conditions: other seeds, other problems of the same kind.
(A bootstrap over runs and problems calls equals different in 2 to 13 % of studies where 5 % are meant:
docs/background/statistics.md.)
Means and standard deviations of several runs speak of other seeds on these problems. One run speaks of these
checkpoints: exact McNemar for item rows, independent binomials (which waste the pairing) where only accuracies are known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from gradus.statistics.intervals import Estimate
from gradus.statistics.measurements import Measurement, Rows, SeedVariance

Reach = Literal["conditions", "conditions on these problems", "these two checkpoints", "these checkpoints", "nothing"]
_SHORTEST_FIRST: tuple[Reach, ...] = (
    "nothing",
    "these two checkpoints",
    "these checkpoints",
    "conditions on these problems",
    "conditions",
)


@dataclass(frozen=True)
class Contrast:
    """An estimated contrast; ``discordant`` are the problems that only the first or only the second checkpoint solves."""

    estimate: float
    standard_error: float
    df: float
    reach: Reach
    n: int | None
    runs: int
    discordant: tuple[int, int] | None = None

    def interval(self, confidence: float = 0.95) -> Estimate:
        """The estimate with its two-sided interval; the whole range where nothing can be said."""
        if math.isinf(self.standard_error):
            return Estimate(self.estimate, -1.0, 1.0)
        half = float(stats.t.ppf(0.5 + confidence / 2, self.df)) * self.standard_error
        return Estimate(self.estimate, self.estimate - half, self.estimate + half)

    @property
    def excludes_zero(self) -> bool:
        """Whether the 95 % interval excludes zero."""
        interval = self.interval()
        return interval.low > 0 or interval.high < 0

    def p_greater(self, margin: float = 0.0) -> float:
        """One-sided p against "at most ``margin``"."""
        if math.isinf(self.standard_error):
            return 1.0
        if self.discordant is not None and margin == 0.0:
            only_first, only_second = self.discordant
            if not only_first + only_second:
                return 1.0
            return float(stats.binomtest(only_first, only_first + only_second, 0.5, "greater").pvalue)
        return float(stats.t.sf((self.estimate - margin) / self.standard_error, self.df))

    def p_less(self, margin: float = 0.0) -> float:
        """One-sided p against "at least ``margin``"."""
        swapped = self.discordant and (self.discordant[1], self.discordant[0])
        mirrored = Contrast(-self.estimate, self.standard_error, self.df, self.reach, self.n, self.runs, swapped)
        return mirrored.p_greater(-margin)

    @property
    def p(self) -> float:
        """Two-sided p against "no difference"."""
        return min(1.0, 2 * min(self.p_greater(), self.p_less()))

    def power(self, effect: float, alpha: float = 0.05) -> float:
        """The chance that a true ``effect`` is found (one side of a two-sided test at ``alpha``)."""
        if math.isinf(self.standard_error):
            return 0.0
        critical = float(stats.t.ppf(1 - alpha / 2, self.df))
        return float(stats.nct.sf(critical, self.df, abs(effect) / self.standard_error))

    def detectable(self, power: float = 0.8, alpha: float = 0.05) -> float | None:
        """The smallest true effect found with ``power``, approximately; None where nothing can be said."""
        if math.isinf(self.standard_error):
            return None
        quantiles = stats.t.ppf([1 - alpha / 2, power], self.df)
        return float(quantiles.sum() * self.standard_error)


def contrast(parts: Sequence[tuple[float, Measurement]], seeds: SeedVariance) -> Contrast:
    """The sum of weight x accuracy. ValueError where item rows are of different test sets."""
    weights = np.asarray([weight for weight, _ in parts])
    measured = [one for _, one in parts]
    estimate = float(sum(weight * one.mean for weight, one in parts))
    runs = min(one.runs for one in measured)
    sizes = {one.n for one in measured}
    n = sizes.pop() if len(sizes) == 1 else None
    rows = [one for one in measured if isinstance(one, Rows)]
    paired = len(rows) == len(measured)
    if paired and n is None:
        raise ValueError("results on the same problems are needed")
    if seeds.df:
        by_seed = seeds.variance * float(sum(weight**2 / one.runs for weight, one in parts))
        by_item = _item_variance(weights, rows) if paired else 0.0
        total = max(by_seed + by_item, 1e-16)
        items_df = (n or 2) - 1
        df = total**2 / (by_seed**2 / seeds.df + by_item**2 / items_df + 1e-300)
        reach: Reach = "conditions" if paired else "conditions on these problems"
        return Contrast(estimate, math.sqrt(total), max(df, 1.0), reach, n, runs)
    if paired:
        return _checkpoints(estimate, weights, rows)
    if n is None:
        return Contrast(estimate, math.inf, 1.0, "nothing", None, runs)
    variance = sum(weight**2 * _binomial_variance(one.mean, n) for weight, one in parts)
    return Contrast(estimate, math.sqrt(variance), math.inf, _checkpoint_reach(len(parts)), n, runs)


def combined(parts: Sequence[tuple[float, Contrast]]) -> Contrast:
    """The weighted sum of independent contrasts (of other problems, or of other models); it reaches as far as the shortest."""
    estimate = sum(weight * one.estimate for weight, one in parts)
    runs = min(one.runs for _, one in parts)
    reach = min((one.reach for _, one in parts), key=_SHORTEST_FIRST.index)
    reach = "these checkpoints" if reach == "these two checkpoints" else reach
    sizes = {one.n for _, one in parts}
    n = sizes.pop() if len(sizes) == 1 else None
    variances = [weight**2 * one.standard_error**2 for weight, one in parts]
    total = sum(variances)
    if math.isinf(total):
        return Contrast(estimate, math.inf, 1.0, "nothing", n, runs)
    shares = sum(variance**2 / one.df for variance, (_, one) in zip(variances, parts, strict=True))
    return Contrast(estimate, math.sqrt(total), total**2 / shares if shares else math.inf, reach, n, runs)


def difference(first: Measurement, second: Measurement, seeds: SeedVariance) -> Contrast:
    """``first`` minus ``second``."""
    return contrast([(1.0, first), (-1.0, second)], seeds)


def _item_variance(weights: np.ndarray, rows: Sequence[Rows]) -> float:
    """How much a contrast varies with the choice of problems, the noise of single runs taken off."""
    per_problem = sum(weight * one.by_problem for weight, one in zip(weights, rows, strict=True))
    noise = sum(weight**2 * one.residual / one.runs for weight, one in zip(weights, rows, strict=True))
    n = rows[0].scores.shape[1]
    return float(max(0.0, np.var(per_problem, ddof=1) - noise) / n) if n > 1 else 0.0


def _checkpoints(estimate: float, weights: np.ndarray, rows: Sequence[Rows]) -> Contrast:
    """One run each: problems are all that varies. Two right-or-wrong rows: exact McNemar, Agresti and Min's interval (2005)."""
    n = rows[0].scores.shape[1]
    per_problem = sum(weight * one.scores[0] for weight, one in zip(weights, rows, strict=True))
    values = np.asarray(per_problem)
    if len(rows) == 2 and set(np.unique(values)) <= {-1.0, 0.0, 1.0}:
        first, second = int((values > 0).sum()), int((values < 0).sum())
        gap = (first - second) / (n + 2)
        variance = ((first + second + 1) / (n + 2) - gap**2) / (n + 2)
        return Contrast(estimate, math.sqrt(variance), math.inf, "these two checkpoints", n, 1, (first, second))
    variance = float(np.var(values, ddof=1)) / n if n > 1 else math.inf
    error = math.sqrt(max(variance, 0.25 / n**2))
    return Contrast(estimate, error, max(n - 1, 1), _checkpoint_reach(len(rows)), n, 1)


def _checkpoint_reach(count: int) -> Reach:
    return "these two checkpoints" if count == 2 else "these checkpoints"


def _binomial_variance(accuracy: float, n: int) -> float:
    """Of one accuracy, with one success and one failure added (Agresti and Caffo 2000), so that 0 of n is not certain."""
    adjusted = (accuracy * n + 1) / (n + 2)
    return adjusted * (1 - adjusted) / (n + 2)
