"""Granularity: is some middle level best, and do stronger students prefer finer ones?"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean

from scipy import stats

from gradus.analysis.claims.statements import ALPHA, POINTS, Statement, from_correlation
from gradus.analysis.evidence import Evidence, LevelSeries, level_series
from gradus.statistics.contrasts import Contrast, combined, difference
from gradus.statistics.correlations import ranks
from gradus.statistics.families import (
    every_interior_is_below_an_end,
    interior_beats_both_ends,
    slope,
    two_lines,
)
from gradus.statistics.measurements import Measurement, SeedVariance


def non_monotone(evidence: Evidence) -> list[Statement]:
    """Claim 1, for every student and dataset: some interior level beats both ends (intersection-union test).

    The companion ``two-lines`` asks whether accuracy rises to the best interior level and falls after it; in simulations it
    errs more often than 5 % where accuracy jumps once and stays, so the first test decides.
    """
    found = []
    for series in level_series(evidence):
        seeds = evidence.seeds(series.dataset, series.student)
        peak = _peak(series, seeds)
        companion = replace(
            peak,
            claim="two-lines",
            statement="accuracy rises to a middle level and falls after it",
            p=two_lines(list(series.levels.values()), seeds),
            p_against=1.0,
        )
        found += [peak, companion]
    return found


def non_monotone_on_average(evidence: Evidence) -> list[Statement]:
    """Claim 1 for every student over all its datasets: the mean over datasets of a middle level beats that of both ends."""
    students: dict[tuple[str, str, str], list[LevelSeries]] = defaultdict(list)
    for series in level_series(evidence):
        students[series.student, series.teacher, series.format].append(series)
    found = []
    for (student, teacher, format_), datasets in students.items():
        names = [name for name in datasets[0].levels if all(name in series.levels for series in datasets)]
        if len(datasets) < 2 or len(names) < 3:
            continue
        against_first, against_last = (
            [_mean_lead(evidence, datasets, name, end) for name in names[1:-1]] for end in (names[0], names[-1])
        )
        subject = f"mean of {len(datasets)} datasets, {student}, {teacher}/{format_}"
        found.append(_interior("non-monotone-mean", subject, names, against_first, against_last))
    return found


def _mean_lead(evidence: Evidence, datasets: Sequence[LevelSeries], level: str, end: str) -> Contrast:
    """The lead of a level over another, as the mean over one student's datasets."""
    leads = [
        difference(series.levels[level], series.levels[end], evidence.seeds(series.dataset, series.student))
        for series in datasets
    ]
    return combined([(1 / len(datasets), lead) for lead in leads])


def _peak(series: LevelSeries, seeds: SeedVariance) -> Statement:
    first, *inner, last = series.levels.values()
    against_first = [difference(level, first, seeds) for level in inner]
    against_last = [difference(level, last, seeds) for level in inner]
    subject = f"{series.dataset}, {series.student}, {series.teacher}/{series.format}"
    return _interior("non-monotone", subject, list(series.levels), against_first, against_last)


def _interior(
    claim: str, subject: str, names: list[str], against_first: list[Contrast], against_last: list[Contrast]
) -> Statement:
    """The statement from every interior level's lead over the first and over the last level."""
    heights = [min(a.estimate, b.estimate) for a, b in zip(against_first, against_last, strict=True)]
    best = heights.index(max(heights))
    both = (against_first[best], against_last[best])
    bounds = [gap.interval(1 - ALPHA / len(heights)) for gap in both]
    return Statement(
        claim=claim,
        subject=subject,
        statement=f"a middle level ({names[best + 1]} comes closest) beats both {names[0]} and {names[-1]}",
        unit="points",
        estimate=heights[best],
        low=min(bound.low for bound in bounds),
        high=min(bound.high for bound in bounds),
        p=interior_beats_both_ends(against_first, against_last),
        p_against=every_interior_is_below_an_end(against_first, against_last),
        power=_power_of_both(both, 2 * ALPHA / len(heights)),
        power_for=f"{100 * POINTS:.0f} points over both ends",
        reach=both[0].speaks_of,
        n=both[0].n,
        runs=both[0].runs,
    )


def _power_of_both(gaps: tuple[Contrast, Contrast], alpha: float) -> float:
    """The chance that both are found; they share the middle level, so they are correlated by one half."""
    if any(math.isinf(gap.standard_error) for gap in gaps):
        return 0.0
    limits = [POINTS / gap.standard_error - float(stats.t.ppf(1 - alpha / 2, gap.df)) for gap in gaps]
    return float(stats.multivariate_normal.cdf(limits, cov=[[1.0, 0.5], [0.5, 1.0]]))


def finer_for_stronger(evidence: Evidence) -> list[Statement]:
    """Claim 2, for every teacher and format: the stronger a student, the more it gains per finer level.

    A student is one point: its strength is its mean accuracy over levels and datasets, its preference the mean slope of accuracy
    over levels. Both are linear in the accuracies and, unlike a best level, not the outcome of a choice.
    """
    groups: dict[tuple[str, str], dict[str, dict[str, LevelSeries]]] = defaultdict(lambda: defaultdict(dict))
    for series in level_series(evidence):
        groups[series.teacher, series.format][series.student][series.dataset] = series
    found = []
    for (teacher, format_), students in groups.items():
        shared = [name for name in evidence.datasets if all(name in datasets for datasets in students.values())]
        if len(students) < 3 or not shared:
            continue
        compared = {student: [datasets[name] for name in shared] for student, datasets in students.items()}
        strength = [fmean(fmean(series.means) for series in datasets) for datasets in compared.values()]
        preference = [fmean(_slope(evidence, series) for series in datasets) for datasets in compared.values()]
        finest = ", ".join(
            f"{student} {best_level_mean([series.levels for series in datasets]):.2f}"
            for student, datasets in compared.items()
        )
        found.append(
            from_correlation(
                "finer-for-stronger",
                f"{teacher}/{format_}",
                "stronger students gain more from finer levels",
                ranks(strength, preference),
                min(series.runs for datasets in compared.values() for series in datasets),
                "tau",
                f"over {len(shared)} dataset{'s' if len(shared) > 1 else ''}; mean best level: {finest}",
            )
        )
    return found


def _slope(evidence: Evidence, series: LevelSeries) -> float:
    return slope(list(series.levels.values()), evidence.seeds(series.dataset, series.student)).estimate


def best_level_mean(datasets: Sequence[Mapping[str, Measurement]]) -> float:
    """The mean number of the best level over datasets (what the paper looks at; the coarser one of equals)."""
    return fmean(int(max(levels, key=lambda name: levels[name].mean)[1:]) for levels in datasets)
