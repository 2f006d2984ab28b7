"""The gain over the untaught student: one base model, the same for every seed, that no training draws anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gradus.records import Supervision
from gradus.records.vocabulary import UNTAUGHT
from gradus.statistics.contrasts import Contrast, contrast, difference
from gradus.statistics.measurements import Measurement, Rows, SeedVariance, logit


def over_untaught(taught: Sequence[tuple[float, Measurement]], untaught: Measurement, seeds: SeedVariance) -> Contrast:
    """A weighted mean of taught accuracies (weights that sum to 1) minus that of the base model, on the same problems.

    A condition of one run has no verdict, for other seeds would give other weights. The base model has one run and is no draw:
    it is taken off every run, and adds no variance over runs. Where only means are known it counts as a run like others.
    """
    rows = [one for _, one in taught if isinstance(one, Rows)]
    if len(rows) != len(taught) or not isinstance(untaught, Rows):
        return contrast([*taught, (-1.0, untaught)], seeds)
    # Scores lie between 0 and 1: half the difference, moved up by a half, is one, and twice that is the difference plus 1.
    base = untaught.by_problem
    moved = [
        (2 * weight, Rows((one.scores - base + 1) / 2, one.clusters, distinct=True))
        for (weight, _), one in zip(taught, rows, strict=True)
    ]
    found = contrast(moved, SeedVariance(seeds.variance / 4, seeds.df))
    return replace(
        found,
        estimate=found.estimate - 1,
        unmeasured=found.unmeasured / 4,
        log_odds=sum(weight * logit(one) for weight, one in taught) - logit(untaught),
    )


def gain(
    taught: Sequence[tuple[float, Measurement]], reference: tuple[Supervision, Measurement], seeds: SeedVariance
) -> Contrast:
    """A weighted mean of taught accuracies (weights that sum to 1) minus that of a reference; the base model itself adds no
    variance over runs."""
    supervision, base = reference
    return (
        over_untaught(taught, base, seeds)
        if supervision.format == UNTAUGHT
        else contrast([*taught, (-1.0, base)], seeds)
    )


def compared(
    first: tuple[Supervision, Measurement], second: tuple[Supervision, Measurement], seeds: SeedVariance
) -> Contrast:
    """``first`` minus ``second``; where either is the base model itself, it adds no variance over runs."""
    (supervision, one), (other, base) = first, second
    if other.format == UNTAUGHT:
        return over_untaught([(1.0, one)], base, seeds)
    if supervision.format == UNTAUGHT:
        return over_untaught([(1.0, base)], one, seeds).mirrored
    return difference(one, base, seeds)
