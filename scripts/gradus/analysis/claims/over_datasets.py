"""Over datasets: the headline form of claims 1a, 2 and 4, in which datasets are draws of a population."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from gradus.analysis.claims.statements import Statement
from gradus.statistics.correlations import Correlation
from gradus.statistics.distributions import t_above
from gradus.statistics.random_effects import RandomEffects, random_effects

# With fewer datasets nothing can be said of others.
FEWEST_DATASETS = 3


def with_effects(statement: Statement, effects: RandomEffects | None) -> Statement:
    """The statement with what another dataset would show and how unlike datasets are; the same where that is not known."""
    if effects is None:
        return statement
    prediction = effects.prediction
    return replace(
        statement,
        datasets=effects.count,
        i2=effects.i2,
        prediction_low=None if prediction is None else prediction.low,
        prediction_high=None if prediction is None else prediction.high,
    )


def correlation_over_datasets(statement: Statement, each: Sequence[Correlation], *, decides: bool) -> Statement:
    """A statement about a correlation, told for datasets like these: the mean of Fisher's z over datasets (random effects).

    With ``decides`` its p is the larger one of the statement's own and that over datasets: it must hold for other datasets too.
    The same statement where there are too few datasets or points.
    """
    spreads = [one.spread for one in each if one.spread is not None]
    if len(each) < FEWEST_DATASETS or len(spreads) < len(each):
        return statement
    effects = random_effects([_z(one.r) for one in each], [spread**2 for spread in spreads])
    interval, prediction = effects.interval, effects.prediction
    stated = replace(
        statement,
        estimate=math.tanh(interval.value),
        low=math.tanh(interval.low),
        high=math.tanh(interval.high),
        datasets=effects.count,
        i2=effects.i2,
        prediction_low=None if prediction is None else math.tanh(prediction.low),
        prediction_high=None if prediction is None else math.tanh(prediction.high),
        fixed_estimate=statement.estimate,
        fixed_p=statement.p,
    )
    if not decides:
        return stated

    def above(bound: float) -> float:
        """The p for a mean above ``bound``."""
        return t_above((effects.estimate - bound) / effects.standard_error, effects.count - 1)

    small = _z(statement.margin or 0.0)
    return replace(
        stated,
        p=max(statement.p, above(0.0)),
        p_against=max(statement.p_against, 1 - above(-small)),
        p_small=max(statement.p_small, above(-small), 1 - above(small)),
        reach=statement.reach if statement.one_run else f"{statement.reach} and datasets like these",
    )


def _z(r: float) -> float:
    return math.atanh(max(-0.999, min(0.999, r)))
