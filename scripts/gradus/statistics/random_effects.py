"""Random effects: the mean of an effect that is not the same on every dataset, and what another dataset would show.

The fixed mean over datasets speaks of these datasets; its standard error knows nothing of how much they differ. Here datasets
are draws of a population: between-dataset variance after Paule and Mandel (1982), weights 1 / (own + between), the standard
error of Hartung, Knapp, Sidik and Jonkman with k - 1 degrees of freedom, never below that of the weights (the modified form,
advised for few and unequal studies: Röver, Knapp and Friede 2015), the prediction interval of Higgins, Thompson and
Spiegelhalter (2009) and the I² of Higgins and Thompson (2002).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradus.statistics.contrasts import Contrast, Reach, combined
from gradus.statistics.distributions import t_quantile
from gradus.statistics.intervals import Estimate


@dataclass(frozen=True)
class RandomEffects:
    """The mean over a population of ``count`` draws. ``between_sd`` is that of the true effects, ``i2`` the share of what the
    estimates vary that is not their own error (0 to 1)."""

    estimate: float
    standard_error: float
    between_sd: float
    i2: float
    count: int

    @property
    def interval(self) -> Estimate:
        """The mean with its 95 % interval."""
        half = t_quantile(0.975, self.count - 1) * self.standard_error
        return Estimate(self.estimate, self.estimate - half, self.estimate + half)

    @property
    def prediction(self) -> Estimate | None:
        """Where the true effect of another draw lies in 95 %; None below three draws."""
        if self.count < 3:
            return None
        half = t_quantile(0.975, self.count - 2) * math.hypot(self.between_sd, self.standard_error)
        return Estimate(self.estimate, self.estimate - half, self.estimate + half)


def random_effects(estimates: Sequence[float], variances: Sequence[float]) -> RandomEffects:
    """From an estimate and its variance per draw; ValueError for fewer than two, or variances not positive and finite."""
    from scipy.optimize import brentq

    effects, own = np.asarray(estimates, dtype=float), np.asarray(variances, dtype=float)
    count = len(effects)
    if count < 2 or not np.all(np.isfinite(own) & (own > 0)):
        raise ValueError("two or more estimates with known variances are needed")

    def excess(between: float) -> float:
        weights = 1 / (own + between)
        return float((weights * (effects - weights @ effects / weights.sum()) ** 2).sum()) - (count - 1)

    heterogeneity = excess(0.0) + count - 1
    highest = float(own.max() + np.ptp(effects) ** 2)
    between = float(brentq(excess, 0.0, highest, xtol=1e-14)) if excess(0.0) > 0 else 0.0
    weights = 1 / (own + between)
    estimate = float(weights @ effects / weights.sum())
    scale = max(1.0, (excess(between) + count - 1) / (count - 1))
    i2 = max(0.0, 1 - (count - 1) / heterogeneity) if heterogeneity > 0 else 0.0
    return RandomEffects(estimate, math.sqrt(scale / weights.sum()), math.sqrt(between), i2, count)


@dataclass(frozen=True)
class OverDatasets:
    """One contrast on several datasets: ``random`` as a contrast that speaks of datasets like these, ``fixed`` as one that speaks
    of their plain mean, and ``effects`` (None where some dataset says nothing)."""

    random: Contrast
    fixed: Contrast
    effects: RandomEffects | None


def over_datasets(each: Sequence[Contrast]) -> OverDatasets:
    """The mean of a contrast over datasets; the random form is the fixed one where it cannot be made."""
    fixed = combined([(1 / len(each), one) for one in each])
    if len(each) < 2 or math.isinf(fixed.standard_error):
        return OverDatasets(fixed, fixed, None)
    effects = random_effects([one.estimate for one in each], [one.standard_error**2 for one in each])
    reach: Reach = fixed.reach if not fixed.reach.startswith("conditions") else "conditions and datasets like these"
    random = Contrast(
        effects.estimate,
        effects.standard_error,
        effects.count - 1,
        reach,
        fixed.n,
        fixed.runs,
        cells=fixed.cells,
        unmeasured=fixed.unmeasured,
        measured=effects.standard_error**2,
        log_odds=fixed.log_odds,
    )
    return OverDatasets(random, fixed, effects)
