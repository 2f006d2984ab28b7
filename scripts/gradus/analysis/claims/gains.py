"""Gains: do rationales help over bare answers, whom do they help most, and is it their length that helps?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import fmean

from gradus.analysis.claims.statements import POINTS, Statement, from_contrast, from_correlation
from gradus.analysis.evidence import Evidence, LevelSeries, level_series
from gradus.records import Supervision
from gradus.statistics.contrasts import contrast, difference
from gradus.statistics.correlations import within_groups
from gradus.statistics.measurements import Measurement, logit


def rationales_help(evidence: Evidence) -> list[Statement]:
    """For every student and dataset: the mean over levels is above answer-only (no level is chosen)."""
    found = []
    for series, baseline in _beside_answer_only(evidence):
        parts = [(1 / len(series.levels), level) for level in series.levels.values()]
        gap = contrast([*parts, (-1.0, baseline)], evidence.seeds(series.dataset, series.student))
        subject = f"{series.dataset}, {series.student}, {series.teacher}"
        found.append(
            from_contrast(
                "rationales-help",
                subject,
                "rationales (mean over levels) are better than bare answers",
                gap,
                margin=evidence.margin(series.dataset),
            )
        )
    return found


def _beside_answer_only(evidence: Evidence) -> Iterator[tuple[LevelSeries, Measurement]]:
    """Every series of originals whose student was also taught bare answers, and that baseline."""
    for series in level_series(evidence, shortest=1):
        baseline = evidence.answer_only(series.dataset, series.student)
        if baseline is not None and series.format == "original":
            yield series, baseline


@dataclass(frozen=True)
class _Student:
    """One student on one dataset: its accuracy with rationales (mean over levels), with bare answers and untaught, in points
    and in
    log odds, and the fewest runs of the first two."""

    rationales: tuple[float, float]
    bare: tuple[float, float]
    untaught: float | None
    runs: int

    def gain(self, scale: int) -> float:
        """In points (0) or in log odds (1)."""
        return self.rationales[scale] - self.bare[scale]


def matthew(evidence: Evidence) -> list[Statement]:
    """Claim 5: stronger students gain more from rationales, on each dataset; in points and in log odds. A student is one point.

    Gain is the mean over the levels that all these students have, on all datasets, minus answer-only. Strength comes from
    outside, for a gain goes with its own two ends by construction: it is the student's accuracy before training where that was
    tested, else its mean accuracy over the other datasets. A study of one dataset without untaught students says nothing of
    this.
    """
    teachers: dict[str, dict[str, dict[str, _Student]]] = defaultdict(lambda: defaultdict(dict))
    shared: dict[str, set[str]] = {}
    for series, _ in _beside_answer_only(evidence):
        shared[series.teacher] = shared.get(series.teacher, set(series.levels)) & set(series.levels)
    for series, baseline in _beside_answer_only(evidence):
        levels = [level for name, level in series.levels.items() if name in shared[series.teacher]]
        if not levels:
            continue
        untaught = evidence.untaught(series.dataset, series.student)
        teachers[series.teacher][series.dataset][series.student] = _Student(
            (fmean(level.mean for level in levels), fmean(logit(level) for level in levels)),
            (baseline.mean, logit(baseline)),
            None if untaught is None else untaught.mean,
            min(series.runs, baseline.runs),
        )
    found = []
    for teacher, datasets in teachers.items():
        for dataset, students in datasets.items():
            strength, described = _strength(dataset, datasets)
            mine = {name: student for name, student in students.items() if name in strength}
            if len(mine) > 2:
                found += [
                    _strong_gain_more(f"{dataset}, {teacher}", mine, strength, described, scale) for scale in range(2)
                ]
    return found


def _strength(dataset: str, datasets: Mapping[str, Mapping[str, _Student]]) -> tuple[dict[str, float], str]:
    """How strong each student is, by what has no part in its gain on the dataset, and how that is called."""
    here = datasets[dataset]
    untaught = {name: student.untaught for name, student in here.items() if student.untaught is not None}
    if len(untaught) == len(here):
        return untaught, "accuracy before training"
    others = {name: students for name, students in datasets.items() if name != dataset}
    shared = [name for name in here if others and all(name in students for students in others.values())]
    means = {
        name: fmean(fmean((students[name].rationales[0], students[name].bare[0])) for students in others.values())
        for name in shared
    }
    return means, f"mean accuracy over the other {len(others)} datasets"


def _strong_gain_more(
    subject: str, students: Mapping[str, _Student], strength: Mapping[str, float], described: str, scale: int
) -> Statement:
    gains = [student.gain(scale) for student in students.values()]
    factor = (100, 1)[scale]
    each = ", ".join(f"{name} {factor * gain:+.1f}" for name, gain in zip(students, gains, strict=True))
    return from_correlation(
        ("matthew", "matthew-odds")[scale],
        subject,
        f"stronger students gain more from rationales, in {('points', 'log odds')[scale]}",
        within_groups(["all"] * len(gains), [strength[name] for name in students], gains),
        min(student.runs for student in students.values()),
        note=f"strength: {described}; gains: {each}",
        of="students",
    )


def length_is_not_granularity(evidence: Evidence, targets: Mapping[str, str]) -> list[Statement]:
    """Claim 6: a coarse level padded to a fine one's length does not reach the fine one.

    ``targets``: padded format to the level whose length it takes. Contradicted where the padded is within the margin of the fine
    level and above the plain coarse one.
    """
    found = []
    for (supervision, student), padded in evidence.students.items():
        if supervision.format not in targets:
            continue
        dataset, teacher = supervision.dataset, supervision.teacher
        coarse, fine_level = supervision.level, targets[supervision.format]
        plain, fine = (
            evidence.students.get((Supervision(dataset, teacher, "original", level), student))
            for level in (coarse, fine_level)
        )
        if plain is None or fine is None:
            continue
        seeds, margin = evidence.seeds(dataset, student), evidence.margin(dataset)
        short, gained = difference(fine, padded, seeds), difference(padded, plain, seeds)
        interval, gain = short.interval(), gained.interval()
        pooled = short.with_pooled_runs
        near = max(short.p_greater(-margin), short.p_less(margin))
        found.append(
            Statement(
                "length-is-not-granularity",
                f"{dataset}, {student}, {teacher}",
                f"{coarse} padded to the length of {fine_level} stays below {fine_level}",
                "points",
                interval.value,
                interval.low,
                interval.high,
                short.p_greater(),
                max(near, gained.p_greater()),
                short.power(POINTS, 0.10),
                f"{100 * POINTS:.0f} points",
                short.speaks_of,
                short.n,
                short.runs,
                f"padded minus plain {coarse}: {100 * gain.value:+.1f} points "
                f"({100 * gain.low:+.1f} to {100 * gain.high:+.1f})",
                margin=margin,
                detectable=short.detectable(alpha=0.10),
                one_run=short.one_run or gained.one_run,
                tipping_sd=short.tipping_sd,
                p_pooled=None if pooled is None else pooled.p_greater(),
                log_odds=short.log_odds,
                groups=short.groups,
            )
        )
    return found
