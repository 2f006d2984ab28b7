"""Gains: do rationales help over bare answers, whom do they help most, and is it their length that helps?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from gradus.analysis.claims.formats import MARGIN
from gradus.analysis.claims.statements import POINTS, Statement, from_contrast, from_correlation
from gradus.analysis.evidence import Evidence, LevelSeries, level_series
from gradus.records import Supervision
from gradus.statistics.contrasts import contrast, difference
from gradus.statistics.correlations import within_groups
from gradus.statistics.measurements import Measurement


def rationales_help(evidence: Evidence) -> list[Statement]:
    """For every student and dataset: the mean over levels is above answer-only (no level is chosen)."""
    found = []
    for series, baseline in _beside_answer_only(evidence):
        parts = [(1 / len(series.levels), level) for level in series.levels.values()]
        gap = contrast([*parts, (-1.0, baseline)], evidence.seeds(series.dataset, series.student))
        subject = f"{series.dataset}, {series.student}, {series.teacher}"
        found.append(
            from_contrast("rationales-help", subject, "rationales (mean over levels) are better than bare answers", gap)
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
    """One student as a point of claim 5: its accuracy with rationales and with bare answers, and the fewest runs of either."""

    rationales: float
    bare: float
    runs: int


def matthew(evidence: Evidence) -> list[Statement]:
    """Claim 5: stronger students gain more from rationales, within each dataset and over all of them.

    Gain is the mean over levels minus answer-only. Strength is the mean of the two (Oldham 1962): a gain held against one of its
    own ends would correlate with it by chance alone. A student is one point.
    """
    teachers: dict[str, dict[str, dict[str, _Student]]] = defaultdict(lambda: defaultdict(dict))
    for series, baseline in _beside_answer_only(evidence):
        point = _Student(fmean(series.means), baseline.mean, min(series.runs, baseline.runs))
        teachers[series.teacher][series.dataset][series.student] = point
    found = []
    for teacher, datasets in teachers.items():
        shared = [name for name in evidence.names if all(name in students for students in datasets.values())]
        if len(datasets) > 1 and len(shared) >= 3:
            whole = {name: _mean_point([students[name] for students in datasets.values()]) for name in shared}
            found.append(_oldham(f"mean over {len(datasets)} datasets, {teacher}", whole))
        found += [
            _oldham(f"{dataset}, {teacher}", students) for dataset, students in datasets.items() if len(students) > 2
        ]
    return found


def _mean_point(points: Sequence[_Student]) -> _Student:
    return _Student(
        fmean(point.rationales for point in points),
        fmean(point.bare for point in points),
        min(point.runs for point in points),
    )


def _oldham(subject: str, students: Mapping[str, _Student]) -> Statement:
    gains = [student.rationales - student.bare for student in students.values()]
    strength = [(student.rationales + student.bare) / 2 for student in students.values()]
    each = ", ".join(f"{name} {100 * gain:+.1f}" for name, gain in zip(students, gains, strict=True))
    return from_correlation(
        "matthew",
        subject,
        "stronger students gain more from rationales",
        within_groups(["all"] * len(gains), strength, gains),
        min(student.runs for student in students.values()),
        note=f"gains: {each}",
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
        seeds = evidence.seeds(dataset, student)
        short, gained = difference(fine, padded, seeds), difference(padded, plain, seeds)
        interval, gain = short.interval(), gained.interval()
        near = max(short.p_greater(-MARGIN), short.p_less(MARGIN))
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
            )
        )
    return found
