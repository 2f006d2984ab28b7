"""Granularity: is some middle level best, and do stronger students prefer finer ones?"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace
from statistics import fmean

from scipy import stats

from gradus.analysis.claims.statements import ALPHA, POINTS, Statement, from_correlation
from gradus.analysis.evidence import Evidence, series
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
    for dataset, teacher, format_, student, levels in series(evidence):
        seeds = evidence.seeds(dataset, student)
        subject = f"{dataset}, {student}, {teacher}/{format_}"
        peak = _peak(subject, levels, seeds)
        found.append(peak)
        rise_and_fall = two_lines(list(levels.values()), seeds)
        found.append(
            replace(
                peak,
                claim="two-lines",
                statement="accuracy rises to a middle level and falls after it",
                p=rise_and_fall,
                p_against=1.0,
            )
        )
    return found


def non_monotone_on_average(evidence: Evidence) -> list[Statement]:
    """Claim 1 for every student over all its datasets: the mean over datasets of a middle level beats that of both ends."""
    students: dict[tuple[str, str, str], dict[str, dict[str, Measurement]]] = defaultdict(dict)
    for dataset, teacher, format_, student, levels in series(evidence):
        students[student, teacher, format_][dataset] = levels
    found = []
    for (student, teacher, format_), mine in students.items():
        names = [name for name in next(iter(mine.values())) if all(name in levels for levels in mine.values())]
        if len(mine) < 2 or len(names) < 3:
            continue
        gaps = [
            [
                combined(
                    [
                        (1 / len(mine), difference(levels[name], levels[end], evidence.seeds(dataset, student)))
                        for dataset, levels in mine.items()
                    ]
                )
                for name in names[1:-1]
            ]
            for end in (names[0], names[-1])
        ]
        subject = f"mean of {len(mine)} datasets, {student}, {teacher}/{format_}"
        found.append(_interior("non-monotone-mean", subject, names, *gaps))
    return found


def _peak(subject: str, levels: dict[str, Measurement], seeds: SeedVariance) -> Statement:
    first, *inner, last = levels.values()
    against_first = [difference(one, first, seeds) for one in inner]
    against_last = [difference(one, last, seeds) for one in inner]
    return _interior("non-monotone", subject, list(levels), against_first, against_last)


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
        reach=both[0].reach,
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
    groups: dict[tuple[str, str], dict[str, dict[str, dict[str, Measurement]]]] = defaultdict(lambda: defaultdict(dict))
    for dataset, teacher, format_, student, levels in series(evidence):
        groups[teacher, format_][student][dataset] = levels
    found = []
    for (teacher, format_), students in groups.items():
        shared = [name for name in evidence.datasets if all(name in mine for mine in students.values())]
        if len(students) < 3 or not shared:
            continue
        strength, preference, finest = [], [], []
        for student, mine in students.items():
            strength.append(fmean(fmean(one.mean for one in mine[name].values()) for name in shared))
            slopes = [slope(list(mine[name].values()), evidence.seeds(name, student)) for name in shared]
            preference.append(fmean(one.estimate for one in slopes))
            finest.append(f"{student} {best_level_mean([mine[name] for name in shared]):.2f}")
        runs = min(one.runs for mine in students.values() for name in shared for one in mine[name].values())
        note = f"over {len(shared)} dataset{'s' if len(shared) > 1 else ''}; mean best level: {', '.join(finest)}"
        found.append(
            from_correlation(
                "finer-for-stronger",
                f"{teacher}/{format_}",
                "stronger students gain more from finer levels",
                ranks(strength, preference),
                runs,
                "tau",
                note,
            )
        )
    return found


def best_level_mean(datasets: list[dict[str, Measurement]]) -> float:
    """The mean number of the best level over datasets (what the paper looks at; the coarser one of equals)."""
    return fmean(int(max(levels, key=lambda name: levels[name].mean)[1:]) for levels in datasets)
