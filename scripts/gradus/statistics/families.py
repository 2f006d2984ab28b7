"""Families of tests: adjusting p-values, tests that need several parts to hold, and the set that holds the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from gradus.statistics.contrasts import TWO_RUNS, Contrast, answers_contrast, contrast, difference
from gradus.statistics.intervals import Estimate, wilson
from gradus.statistics.measurements import Measurement, SeedVariance

Name = TypeVar("Name")


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values adjusted by Holm's method (1979) for the family they are."""
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda index: p_values[index])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted


def interior_beats_both_ends(against_first: Sequence[Contrast], against_last: Sequence[Contrast]) -> float:
    """p of "some interior level is better than both ends" (intersection-union, Bonferroni over the interior levels)."""
    each = [max(a.p_greater(), b.p_greater()) for a, b in zip(against_first, against_last, strict=True)]
    return min(1.0, len(each) * min(each))


def every_interior_is_below_an_end(
    against_first: Sequence[Contrast], against_last: Sequence[Contrast], lead: float = 0.0
) -> float:
    """p of "no interior level leads both ends by ``lead``" (each leads one of them by less, Bonferroni over the two)."""
    each = [2 * min(a.p_less(lead), b.p_less(lead)) for a, b in zip(against_first, against_last, strict=True)]
    return min(1.0, max(each))


def not_told_from_best(
    measured: Mapping[Name, Measurement], seeds: SeedVariance, alpha: float = 0.05
) -> dict[Name, float]:
    """The conditions that may be the best, with the p of being below the rival that speaks most against them.

    A condition leaves the set when another is better than it at ``alpha`` / (m - 1) one-sided, so that the true best
    stays with probability 1 - ``alpha`` or more, whatever the truth (multiple comparisons with the best, Hsu 1996). Where some
    condition has two runs only, the far tail of Welch's test is too thin: four fifths of ``alpha`` are used (simulated).
    """
    factor = TWO_RUNS if any(one.runs == 2 for one in measured.values()) else 1.0
    kept = {}
    for name, one in measured.items():
        rivals = [difference(other, one, seeds).p_greater() for key, other in measured.items() if key != name]
        adjusted = min(1.0, len(rivals) * min(rivals) / factor) if rivals else 1.0
        if adjusted > alpha:
            kept[name] = adjusted
    return kept


def chosen_interval(measurement: Measurement, candidates: int, seeds: SeedVariance) -> Estimate:
    """The accuracy of a condition that was chosen among ``candidates`` for its mean, with a 95 % interval for all of them.

    The interval of a condition that nobody chose lies too high for one that was the best of several: luck helped to choose it.
    Two runs of one condition can be alike by chance, so the wider of its own and the pooled variance over runs counts.
    """
    found = contrast([(1.0, measurement)], seeds)
    if found.pooled and found.pooled[0] > found.standard_error:
        found = replace(found, standard_error=found.pooled[0], df=found.pooled[1])
    confidence = chosen_confidence(candidates)
    interval = found.interval(confidence)
    low, high = interval.low, interval.high
    if measurement.n:  # near 0 and 1, where all runs solve alike, the normal interval is too short
        drawn = wilson(round(measurement.mean * measurement.n), measurement.n, confidence)
        low, high = min(low, drawn.low), max(high, drawn.high)
    return Estimate(interval.value, max(0.0, low), min(1.0, high))


def chosen_confidence(candidates: int) -> float:
    """The confidence of one interval among ``candidates`` that together have 95 % (Bonferroni)."""
    return 1 - 0.05 / max(1, candidates)


def two_lines(levels: Sequence[Measurement], seeds: SeedVariance) -> tuple[Contrast, Contrast]:
    """The slopes of accuracy up to the best interior level and from it on.

    After Simonsohn's two-lines test (2018), broken at the best interior level instead of by his search.
    """
    best = max(range(1, len(levels) - 1), key=lambda index: levels[index].mean)
    return slope(levels[: best + 1], seeds), slope(levels[best:], seeds)


def slope(levels: Sequence[Measurement], seeds: SeedVariance) -> Contrast:
    """Accuracy per level, by least squares over equally spaced levels."""
    return contrast(_steepness(levels), seeds)


def answers_slope(levels: Sequence[Measurement]) -> Contrast:
    """The same of a teacher's own answers: one set of them decides, for nothing was trained."""
    return answers_contrast(_steepness(levels))


def _steepness(levels: Sequence[Measurement]) -> list[tuple[float, Measurement]]:
    middle = (len(levels) - 1) / 2
    scale = sum((index - middle) ** 2 for index in range(len(levels)))
    return [((index - middle) / scale, one) for index, one in enumerate(levels)]
