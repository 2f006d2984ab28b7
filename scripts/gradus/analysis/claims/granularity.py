"""Granularity: is some middle level best, and do stronger students prefer finer ones?"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean

from gradus.analysis.claims.over_datasets import correlation_over_datasets, with_effects
from gradus.analysis.claims.statements import ALPHA, POINTS, Statement, from_contrast, from_correlation
from gradus.analysis.evidence import Evidence, LevelSeries, level_series
from gradus.statistics.contrasts import Contrast, difference
from gradus.statistics.correlations import Correlation, ranks
from gradus.statistics.distributions import t_quantile
from gradus.statistics.families import (
    every_interior_is_below_an_end,
    interior_beats_both_ends,
    two_lines,
)
from gradus.statistics.measurements import Measurement, SeedVariance, logit
from gradus.statistics.random_effects import OverDatasets, over_datasets


def non_monotone(evidence: Evidence) -> list[Statement]:
    """Claim 1, for every student and dataset: some interior level beats both ends (intersection-union test).

    The companion ``two-lines`` tells the slopes on both sides of the best interior level; where accuracy jumps once and stays, it
    finds a peak far more often than in 5 %, so it describes and gets no verdict.
    """
    found = []
    for series in level_series(evidence):
        seeds = evidence.seeds(series.dataset, series.student)
        found += [_peak(series, seeds, evidence.margin(series.dataset)), _two_lines(series, seeds)]
    return found


def _two_lines(series: LevelSeries, seeds: SeedVariance) -> Statement:
    """The weaker of the two slopes around the best interior level, per level."""
    levels = list(series.levels.values())
    rising, falling = two_lines(levels, seeds)
    weaker = min(rising, falling.mirrored, key=lambda slope: slope.estimate)
    note = f"rises by {100 * rising.estimate:+.1f} points per level, then {100 * falling.estimate:+.1f}"
    stated = from_contrast(
        "two-lines", _subject(series), "accuracy rises to a middle level and falls after it", weaker, note
    )
    return replace(stated, p=max(rising.p_greater(), falling.p_less()), p_against=1.0, p_small=1.0, p_pooled=None)


def _subject(series: LevelSeries) -> str:
    return f"{series.dataset}, {series.student}, {series.teacher}/{series.format}"


def non_monotone_on_average(evidence: Evidence) -> list[Statement]:
    """Claim 1 for every student over all its datasets: the mean over datasets of a middle level beats that of both ends.

    The verdict is that of datasets like these (random effects); the fixed mean over these datasets stands beside it.
    """
    students: dict[tuple[str, str, str], list[LevelSeries]] = defaultdict(list)
    for series in level_series(evidence):
        students[series.student, series.teacher, series.format].append(series)
    found = []
    for (student, teacher, format_), datasets in students.items():
        names = [name for name in datasets[0].levels if all(name in series.levels for series in datasets)]
        if len(datasets) < 2 or len(names) < 3:
            continue
        first, last = ([_leads(evidence, datasets, name, end) for name in names[1:-1]] for end in (names[0], names[-1]))
        subject = f"mean of {len(datasets)} datasets, {student}, {teacher}/{format_}"
        margin = evidence.margin(*(series.dataset for series in datasets))
        found.append(_over_datasets(subject, names, first, last, margin))
    return found


def _leads(evidence: Evidence, datasets: Sequence[LevelSeries], level: str, end: str) -> OverDatasets:
    """The lead of a level over another, over one student's datasets."""
    leads = [
        difference(series.levels[level], series.levels[end], evidence.seeds(series.dataset, series.student))
        for series in datasets
    ]
    return over_datasets(leads)


def _over_datasets(
    subject: str, names: list[str], first: list[OverDatasets], last: list[OverDatasets], margin: float
) -> Statement:
    """Claim 1a from every interior level's leads over both ends, with the fixed means beside it."""
    claim = "non-monotone-mean"
    stated = _interior(claim, subject, names, [one.random for one in first], [one.random for one in last], margin)
    fixed = _interior(claim, subject, names, [one.fixed for one in first], [one.fixed for one in last], margin)
    pairs = list(zip(first, last, strict=True))
    best = max(pairs, key=lambda pair: min(one.random.estimate for one in pair))
    weaker = min(best, key=lambda one: one.random.estimate)
    return replace(with_effects(stated, weaker.effects), fixed_estimate=fixed.estimate, fixed_p=fixed.p)


def _peak(series: LevelSeries, seeds: SeedVariance, margin: float) -> Statement:
    first, *inner, last = series.levels.values()
    against_first = [difference(level, first, seeds) for level in inner]
    against_last = [difference(level, last, seeds) for level in inner]
    return _interior("non-monotone", _subject(series), list(series.levels), against_first, against_last, margin)


def _interior(
    claim: str,
    subject: str,
    names: list[str],
    against_first: list[Contrast],
    against_last: list[Contrast],
    margin: float,
) -> Statement:
    """The statement from every interior level's lead over the first and over the last level.

    Contradicted where each of them is below one of the ends by more than the margin, small where none can lead by more than it.
    """
    leads = [*against_first, *against_last]
    heights = [min(a.estimate, b.estimate) for a, b in zip(against_first, against_last, strict=True)]
    best = heights.index(max(heights))
    both = (against_first[best], against_last[best])
    confidence = 1 - ALPHA / len(heights)
    bounds = [gap.interval(confidence) for gap in both]
    return Statement(
        claim=claim,
        subject=subject,
        statement=f"a middle level ({names[best + 1]} comes closest) beats both {names[0]} and {names[-1]}",
        unit="points",
        estimate=heights[best],
        low=min(bound.low for bound in bounds),
        high=min(bound.high for bound in bounds),
        p=interior_beats_both_ends(against_first, against_last),
        p_against=every_interior_is_below_an_end(against_first, against_last, -margin),
        power=_power_of_both(both, 2 * ALPHA / len(heights)),
        power_for=f"{100 * POINTS:.0f} points over both ends",
        reach=replace(both[0], cells=len(names) * both[0].cells // 2).speaks_of,
        n=both[0].n,
        runs=min(gap.runs for gap in leads),
        p_small=every_interior_is_below_an_end(against_first, against_last, margin),
        margin=margin,
        detectable=max((gap.detectable(alpha=2 * ALPHA / len(heights)) or math.inf) for gap in both),
        one_run=any(gap.one_run for gap in leads),
        tipping_sd=_tipping_sd(both, confidence),
        p_pooled=_pooled(against_first, against_last),
        log_odds=min(gap.log_odds for gap in both),
        groups=both[0].groups,
    )


def _tipping_sd(both: tuple[Contrast, Contrast], confidence: float) -> float | None:
    """The smaller of the two sds below which a lead would stand; a lead whose cells have several runs sets no limit."""
    found = [sd for gap in both if (sd := gap.tipping_sd_at(confidence)) is not None]
    return min(found, default=None)


def _pooled(against_first: list[Contrast], against_last: list[Contrast]) -> float | None:
    """p of the peak with one run variance for all cells."""
    sides = [[gap.with_pooled_runs for gap in side] for side in (against_first, against_last)]
    known = [[gap for gap in side if gap is not None] for side in sides]
    if any(len(mine) < len(side) for mine, side in zip(known, sides, strict=True)):
        return None
    return interior_beats_both_ends(known[0], known[1])


def _power_of_both(gaps: tuple[Contrast, Contrast], alpha: float) -> float:
    """The chance that both are found; they share the middle level, so they are correlated by one half."""
    from scipy.stats import multivariate_normal

    if any(math.isinf(gap.standard_error) for gap in gaps):
        return 0.0
    limits = [POINTS / gap.standard_error - t_quantile(1 - alpha / 2, gap.df) for gap in gaps]
    return float(multivariate_normal.cdf(limits, cov=[[1.0, 0.5], [0.5, 1.0]]))


def finer_for_stronger(evidence: Evidence) -> list[Statement]:
    """Claim 2, for every teacher and format: the stronger a student, the more it gains per finer level.

    A student is one point: its strength is its mean accuracy over levels and datasets, its preference the mean slope of
    accuracy over levels. Both are linear in the accuracies and, unlike a best level, not the outcome of a choice. With three
    datasets or more the estimate is the mean over datasets of each one's tau (random effects), and the statement must hold
    both for other students (all orders) and for other datasets: the larger p counts. The note tells the same on the scale of
    log odds, and without the dataset that carries most of it.
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
        finest = ", ".join(
            f"{student} {best_level_mean([series.levels for series in datasets]):.2f}"
            for student, datasets in compared.items()
        )
        notes = [f"over {len(shared)} dataset{'s' if len(shared) > 1 else ''}"]
        odds = _preference(list(compared.values()), logit)
        notes.append(f"in log odds tau = {odds.r:+.2f} (p {2 * odds.p_positive:.3f})")
        if len(shared) > 2:
            weakest = min(shared, key=lambda name: _without(compared, name).r)
            rest = _without(compared, weakest)
            notes.append(f"without {weakest} tau = {rest.r:+.2f} (p {2 * rest.p_positive:.3f})")
        stated = from_correlation(
            "finer-for-stronger",
            f"{teacher}/{format_}",
            "stronger students gain more from finer levels",
            _preference(list(compared.values()), _accuracy),
            min(series.runs for datasets in compared.values() for series in datasets),
            "tau",
            "; ".join([*notes, f"mean best level: {finest}"]),
            of="students",
        )
        found.append(correlation_over_datasets(stated, _by_dataset(list(compared.values())), decides=True))
    return found


def _by_dataset(students: Sequence[Sequence[LevelSeries]]) -> list[Correlation]:
    """The correlation of claim 2 on each dataset alone; a student's strength is that over all of them."""
    strength = [fmean(fmean(series.means) for series in datasets) for datasets in students]
    return [ranks(strength, [_steepness(series.means) for series in same]) for same in zip(*students, strict=True)]


def _accuracy(measurement: Measurement) -> float:
    return measurement.mean


def _without(compared: Mapping[str, Sequence[LevelSeries]], dataset: str) -> Correlation:
    """Claim 2 without one dataset."""
    rest = [[series for series in datasets if series.dataset != dataset] for datasets in compared.values()]
    return _preference(rest, _accuracy)


def _preference(students: Sequence[Sequence[LevelSeries]], scale: Callable[[Measurement], float]) -> Correlation:
    """The correlation of strength with the slope over levels; a student is the series of its datasets."""
    values = [[[scale(level) for level in series.levels.values()] for series in datasets] for datasets in students]
    strength = [fmean(fmean(levels) for levels in datasets) for datasets in values]
    return ranks(strength, [fmean(_steepness(levels) for levels in datasets) for datasets in values])


def _steepness(values: Sequence[float]) -> float:
    """The least-squares slope over equally spaced levels."""
    middle = (len(values) - 1) / 2
    return sum((index - middle) * value for index, value in enumerate(values)) / sum(
        (index - middle) ** 2 for index in range(len(values))
    )


def best_level_mean(datasets: Sequence[Mapping[str, Measurement]]) -> float:
    """The mean number of the best level over datasets (what the paper looks at; the coarser one of equals)."""
    return fmean(int(max(levels, key=lambda name: levels[name].mean)[1:]) for levels in datasets)
