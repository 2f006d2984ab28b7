"""Contrasts: weighted sums of accuracies (a difference of two, a slope over levels), tested with seeds and problems in the model.

Item rows of several runs are a mixed model with runs and problems as crossed random effects, estimated by moments: every
cell's own variance over runs, plus what the contrast varies over problems beyond that, with Satterthwaite's degrees of
freedom (Welch's test where problems do not matter). So a result speaks of the conditions: other seeds, other problems of the
same kind. One variance pooled over cells has more degrees of freedom and calls equals different in 10 to 26 % of studies
where some cells lie at the floor or vary less (docs/background/statistics.md): it is told beside, and no verdict rests on it.
Means and standard deviations of several runs speak of other seeds on these problems. Problems that are variants of one
another are not independent draws: their differences are summed by cluster (the sandwich of Liang and Zeger 1986).

A cell of one run says nothing of other seeds. Its contrasts have an interval (for these checkpoints: exact McNemar for item
rows, independent binomials where only accuracies are known; or with the pool's variance for the cell's own where other cells
have several runs) and the run sd up to which they would hold for other seeds, and no verdict.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from gradus.statistics.distributions import normal_quantile, t_above, t_quantile
from gradus.statistics.intervals import Estimate
from gradus.statistics.measurements import Measurement, Rows, SeedVariance, binomial_variance, logit, run_variance

Reach = Literal[
    "conditions and datasets like these",
    "conditions",
    "conditions on these problems",
    "these checkpoints",
    "these answers",
    "nothing",
]
_SHORTEST_FIRST: tuple[Reach, ...] = (
    "nothing",
    "these checkpoints",
    "these answers",
    "conditions on these problems",
    "conditions",
    "conditions and datasets like these",
)
_NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight"}
# Satterthwaite's degrees of freedom are taken from estimated variances, and too many where one of two runs dominates: a pair of
# which one condition is six times as noisy was called different in 8 % of studies. So many of them are counted (simulated).
TWO_RUNS = 0.8
# The smallest p that is told: beyond it a model of chance says nothing.
SMALLEST_P = 1e-12


@dataclass(frozen=True)
class Contrast:
    """An estimated contrast of ``cells`` accuracies.

    ``discordant`` are the problems that only the first or only the second of two checkpoints solves. ``unmeasured`` is the sum of
    squared weights of the cells with one run, whose run variance nobody measured, and ``measured`` the variance without it.
    ``pooled`` is the standard error and the degrees of freedom with one run variance for all cells. ``log_odds`` is the same sum
    of the logits of the accuracies: an odds ratio, on a scale on which 2 points at 5 % are more than at 50 %. ``groups`` are the
    clusters of variants that the problems come from; None where each problem is a draw of its own.
    """

    estimate: float
    standard_error: float
    df: float
    reach: Reach
    n: int | None
    runs: int
    discordant: tuple[int, int] | None = None
    cells: int = 2
    unmeasured: float = 0.0
    measured: float = math.inf
    pooled: tuple[float, float] | None = None
    log_odds: float = 0.0
    groups: int | None = None

    @property
    def speaks_of(self) -> str:
        """What the contrast speaks of, in words."""
        if self.reach == "these checkpoints":
            return f"these {_NUMBERS.get(self.cells, self.cells)} checkpoints" if self.cells > 1 else "this checkpoint"
        if self.unmeasured and self.reach != "nothing":
            return f"{self.reach}, if single runs vary like the others"
        return self.reach

    @property
    def one_run(self) -> bool:
        """Whether some trained cell has one run, so that nothing is decided about the conditions."""
        return self.unmeasured > 0

    @property
    def centre(self) -> float:
        """The middle of the interval: the estimate, or Agresti and Min's, which is drawn towards zero."""
        if self.discordant is None or not self.n:
            return self.estimate
        return (self.discordant[0] - self.discordant[1]) / (self.n + 2)

    def interval(self, confidence: float = 0.95) -> Estimate:
        """The estimate with its two-sided interval within [-1, 1]; the whole range where nothing can be said."""
        if math.isinf(self.standard_error):
            return Estimate(self.estimate, -1.0, 1.0)
        half = t_quantile(0.5 + confidence / 2, self.df) * self.standard_error
        low, high = max(-1.0, self.centre - half), min(1.0, self.centre + half)
        return Estimate(self.estimate, min(low, self.estimate), max(high, self.estimate))

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
            from scipy.stats import binomtest

            exact = binomtest(only_first, only_first + only_second, 0.5, "greater").pvalue
            return max(SMALLEST_P, float(exact))
        return max(SMALLEST_P, t_above((self.centre - margin) / self.standard_error, self.df))

    def p_less(self, margin: float = 0.0) -> float:
        """One-sided p against "at least ``margin``"."""
        return self.mirrored.p_greater(-margin)

    @property
    def mirrored(self) -> Contrast:
        """The same with its sign turned."""
        swapped = self.discordant and (self.discordant[1], self.discordant[0])
        return replace(self, estimate=-self.estimate, log_odds=-self.log_odds, discordant=swapped)

    @property
    def p(self) -> float:
        """Two-sided p against "no difference"."""
        return min(1.0, 2 * min(self.p_greater(), self.p_less()))

    @property
    def with_pooled_runs(self) -> Contrast | None:
        """The same with one run variance for all cells, as a check; None where there is none to pool."""
        if self.pooled is None:
            return None
        return replace(self, standard_error=self.pooled[0], df=self.pooled[1], pooled=None)

    @property
    def p_pooled(self) -> float | None:
        """The two-sided p with one run variance for all cells; None where there is none to pool."""
        pooled = self.with_pooled_runs
        return None if pooled is None else pooled.p

    @property
    def tipping_sd(self) -> float | None:
        """``tipping_sd_at`` 95 %."""
        return self.tipping_sd_at(0.95)

    def tipping_sd_at(self, confidence: float) -> float | None:
        """The sd over runs of the cells with one run below which the interval would exclude zero for other seeds.

        None where every cell has several runs; 0 where the interval holds zero even for these checkpoints. A claim that shows a
        wider interval, because it chose among several, asks for that one.
        """
        if not self.one_run:
            return None
        spare = (self.estimate / normal_quantile(0.5 + confidence / 2)) ** 2 - self.measured
        return math.sqrt(spare / self.unmeasured) if spare > 0 else 0.0

    def power(self, effect: float, alpha: float = 0.05) -> float:
        """The chance that a true ``effect`` is found (one side of a two-sided test at ``alpha``)."""
        if math.isinf(self.standard_error):
            return 0.0
        from scipy.stats import nct

        critical = t_quantile(1 - alpha / 2, self.df)
        return float(nct.sf(critical, self.df, abs(effect) / self.standard_error))

    def detectable(self, power: float = 0.8, alpha: float = 0.05) -> float | None:
        """The smallest true effect found with ``power``, approximately; None where nothing can be said."""
        if math.isinf(self.standard_error):
            return None
        quantiles = t_quantile(1 - alpha / 2, self.df) + t_quantile(power, self.df)
        return quantiles * self.standard_error


def contrast(parts: Sequence[tuple[float, Measurement]], seeds: SeedVariance) -> Contrast:
    """The sum of weight x accuracy; ``seeds`` is the variance that a cell of one run borrows.

    ValueError where item rows are of different test sets.
    """
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
    unmeasured = float(sum(weight**2 for weight, one in parts if one.runs < 2))
    log_odds = float(sum(weight * logit(one) for weight, one in parts))
    groups = _groups(rows[0].clusters) if paired else None
    if runs > 1 or seeds.df:
        by_item = item_variance(weights, rows) if paired else (0.0, 1.0)
        return replace(_several_runs(parts, seeds, estimate, unmeasured, *by_item), log_odds=log_odds, groups=groups)
    if paired:
        found = _checkpoints(estimate, weights, rows)
        return replace(found, unmeasured=unmeasured, log_odds=log_odds, groups=groups)
    if n is None:
        return Contrast(estimate, math.inf, 1.0, "nothing", None, runs, cells=len(parts), unmeasured=unmeasured)
    variance = sum(weight**2 * binomial_variance(one.mean, n) for weight, one in parts)
    return Contrast(
        estimate,
        math.sqrt(variance),
        math.inf,
        "these checkpoints",
        n,
        runs,
        cells=len(parts),
        unmeasured=unmeasured,
        measured=variance,
        log_odds=log_odds,
    )


def answers_contrast(parts: Sequence[tuple[float, Measurement]]) -> Contrast:
    """A contrast of a teacher's own answers. Nothing was trained: answers drawn once are as independent as the problems are, so
    that one set of them decides."""
    found = contrast(parts, SeedVariance(math.nan, 0))
    reach: Reach = "these answers" if found.reach == "these checkpoints" else found.reach
    return replace(found, reach=reach, unmeasured=0.0)


def combined(parts: Sequence[tuple[float, Contrast]]) -> Contrast:
    """The weighted sum of independent contrasts (of other problems, or of other models); it reaches as far as the shortest."""
    estimate = sum(weight * one.estimate for weight, one in parts)
    runs = min(one.runs for _, one in parts)
    reach = min((one.reach for _, one in parts), key=_SHORTEST_FIRST.index)
    sizes = {one.n for _, one in parts}
    n = sizes.pop() if len(sizes) == 1 else None
    cells = sum(one.cells for _, one in parts)
    unmeasured = sum(weight**2 * one.unmeasured for weight, one in parts)
    total, df = _summed([(weight, one.standard_error, one.df) for weight, one in parts])
    if math.isinf(total):
        return Contrast(estimate, math.inf, 1.0, "nothing", n, runs, cells=cells, unmeasured=unmeasured)
    pooled = None
    if any(one.pooled for _, one in parts):
        variance, pooled_df = _summed(
            [(weight, *(one.pooled or (one.standard_error, one.df))) for weight, one in parts]
        )
        pooled = (math.sqrt(variance), pooled_df)
    return Contrast(
        estimate,
        math.sqrt(total),
        df,
        reach,
        n,
        runs,
        cells=cells,
        unmeasured=unmeasured,
        measured=sum(weight**2 * one.measured for weight, one in parts),
        pooled=pooled,
        log_odds=sum(weight * one.log_odds for weight, one in parts),
    )


def difference(first: Measurement, second: Measurement, seeds: SeedVariance) -> Contrast:
    """``first`` minus ``second``."""
    return contrast([(1.0, first), (-1.0, second)], seeds)


def _summed(parts: Sequence[tuple[float, float, float]]) -> tuple[float, float]:
    """The variance of a weighted sum, and its degrees of freedom (Satterthwaite), from weights, errors and theirs."""
    variances = [(weight * error) ** 2 for weight, error, _ in parts]
    total = sum(variances)
    if math.isinf(total):
        return total, 1.0
    shares = sum(variance**2 / df for variance, (_, _, df) in zip(variances, parts, strict=True))
    return total, total**2 / shares if shares else math.inf


def _several_runs(
    parts: Sequence[tuple[float, Measurement]],
    seeds: SeedVariance,
    estimate: float,
    unmeasured: float,
    by_item: float,
    item_df: float,
) -> Contrast:
    """Every cell's own variance over runs, the pool's for a cell of one run, and what problems add."""
    measured = [one for _, one in parts]
    paired = all(isinstance(one, Rows) for one in measured)
    sizes = {one.n for one in measured}
    n = sizes.pop() if len(sizes) == 1 else None
    runs = min(one.runs for one in measured)
    own, shares, borrowed = 0.0, by_item**2 / item_df, 0.0
    for weight, one in parts:
        variance = run_variance(one)
        part = weight**2 * (seeds.variance if variance is None else variance) / one.runs
        if variance is None:
            borrowed += part
        else:
            own += part
            shares += part**2 / (one.runs - 1)
    total = own + borrowed + by_item
    shares += borrowed**2 / max(1, seeds.df)
    if math.isinf(total):
        return Contrast(estimate, math.inf, 1.0, "nothing", n, runs, cells=len(parts), unmeasured=unmeasured)
    df = total**2 / shares if shares else 1.0
    if any(one.runs == 2 for one in measured):
        df *= TWO_RUNS
    if total < 1e-16:
        total, df = sum(weight**2 * _decoding_variance(one) for weight, one in parts), float(max(1, (n or 2) - 1))
        own = total
    pooled = None
    if seeds.df and seeds.variance > 0:
        by_seed = seeds.variance * float(sum(weight**2 / one.runs for weight, one in parts))
        pooled_shares = by_seed**2 / seeds.df + by_item**2 / item_df
        pooled = (math.sqrt(by_seed + by_item), (by_seed + by_item) ** 2 / pooled_shares)
    return Contrast(
        estimate,
        math.sqrt(total),
        max(df, 1.0),
        "conditions" if paired else "conditions on these problems",
        n,
        runs,
        cells=len(parts),
        unmeasured=unmeasured,
        measured=own + by_item,
        pooled=pooled,
    )


def _decoding_variance(measurement: Measurement) -> float:
    """Of a mean over runs that did not vary: what single problems varied, else the binomial variance."""
    total = measurement.runs * (measurement.n or 0)
    if isinstance(measurement, Rows) and measurement.residual > 0:
        return measurement.residual / total
    return binomial_variance(measurement.mean, total) if total else math.inf


def item_variance(weights: np.ndarray, rows: Sequence[Rows]) -> tuple[float, float]:
    """How much a contrast varies with the choice of problems, the noise of single runs taken off; and its degrees of freedom."""
    per_problem = np.asarray(sum(weight * one.by_problem for weight, one in zip(weights, rows, strict=True)))
    noise = sum(weight**2 * one.residual / one.runs for weight, one in zip(weights, rows, strict=True))
    variance, df = mean_variance(per_problem, rows[0].clusters)
    return (max(0.0, variance - noise / len(per_problem)), df) if len(per_problem) > 1 else (0.0, df)


def _groups(clusters: np.ndarray | None) -> int | None:
    """How many clusters of problems there are, if any has more than one."""
    count = None if clusters is None else len(np.unique(clusters))
    return None if clusters is None or count == len(clusters) else count


def mean_variance(values: np.ndarray, clusters: np.ndarray | None) -> tuple[float, float]:
    """The variance of a mean, and its degrees of freedom; infinity for one value.

    Values of one cluster may go together (cluster-robust, with the factor C / (C - 1) of C clusters); clusters never make a mean
    more certain than independent values would, for few of them underestimate.
    """
    n = len(values)
    if n < 2:
        return math.inf, 1.0
    independent, df = float(np.var(values, ddof=1)) / n, float(n - 1)
    if clusters is None or _groups(clusters) in (None, 1):
        return independent, df
    sums = np.bincount(np.unique(clusters, return_inverse=True)[1], weights=values - values.mean())
    together = float((sums**2).sum()) / n**2 * len(sums) / (len(sums) - 1)
    return max(independent, together), float(len(sums) - 1)


def _checkpoints(estimate: float, weights: np.ndarray, rows: Sequence[Rows]) -> Contrast:
    """One run each: problems are all that varies.

    Two right-or-wrong rows: exact McNemar for p and Agresti and Min's interval (2005), which can disagree at the edge. Both take
    problems as independent: where some are variants of one another the cluster-robust variance takes their place.
    """
    n = rows[0].scores.shape[1]
    per_problem = sum(weight * one.scores[0] for weight, one in zip(weights, rows, strict=True))
    values = np.asarray(per_problem)
    clusters = rows[0].clusters
    simple = sorted(weights) == [-1.0, 1.0] and set(np.unique(values)) <= {-1.0, 0.0, 1.0}
    exact = len(rows) == 2 and simple and _groups(clusters) is None
    discordant = (int((values > 0).sum()), int((values < 0).sum())) if exact else None
    if discordant:
        first, second = discordant
        gap = (first - second) / (n + 2)
        variance, df = ((first + second + 1) / (n + 2) - gap**2) / (n + 2), math.inf
    else:
        variance, df = mean_variance(values, clusters)
        variance = max(variance, 0.25 / n**2)
    error = math.sqrt(variance)
    return Contrast(estimate, error, df, "these checkpoints", n, 1, discordant, cells=len(rows), measured=variance)
