"""Gains: do rationales help over bare answers, whom do they help most, and is it their length that helps?"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean

from gradus.analysis.claims.formats import MARGIN
from gradus.analysis.claims.statements import POINTS, Statement, from_contrast, from_correlation
from gradus.analysis.evidence import Evidence, series
from gradus.records import Supervision
from gradus.statistics.contrasts import contrast, difference
from gradus.statistics.correlations import within_groups


def rationales_help(evidence: Evidence) -> list[Statement]:
    """For every student and dataset: the mean over levels is above answer-only (no level is chosen)."""
    found = []
    for dataset, teacher, format_, student, levels in series(evidence, shortest=1):
        baseline = evidence.answer_only(dataset, student)
        if baseline is None or format_ != "original":
            continue
        parts = [(1 / len(levels), one) for one in levels.values()]
        gap = contrast([*parts, (-1.0, baseline)], evidence.seeds(dataset, student))
        subject = f"{dataset}, {student}, {teacher}"
        found.append(
            from_contrast("rationales-help", subject, "rationales (mean over levels) are better than bare answers", gap)
        )
    return found


def matthew(evidence: Evidence) -> list[Statement]:
    """Claim 5: stronger students gain more from rationales, within each dataset and over all of them.

    Gain is the mean over levels minus answer-only. Strength is the mean of the two (Oldham 1962): a gain held against one of its
    own ends would correlate with it by chance alone. A student is one point.
    """
    points: dict[tuple[str, str], dict[str, tuple[float, float, int]]] = {}
    for dataset, teacher, format_, student, levels in series(evidence, shortest=1):
        baseline = evidence.answer_only(dataset, student)
        if baseline is not None and format_ == "original":
            level_mean = fmean(one.mean for one in levels.values())
            runs = min(one.runs for one in (*levels.values(), baseline))
            points.setdefault((teacher, dataset), {})[student] = (level_mean, baseline.mean, runs)
    found = []
    for teacher in dict.fromkeys(key[0] for key in points):
        mine = {dataset: students for (name, dataset), students in points.items() if name == teacher}
        shared = [student for student in evidence.names if all(student in students for students in mine.values())]
        if len(mine) > 1 and len(shared) >= 3:
            whole = {
                student: (
                    fmean(students[student][0] for students in mine.values()),
                    fmean(students[student][1] for students in mine.values()),
                    min(students[student][2] for students in mine.values()),
                )
                for student in shared
            }
            found.append(_oldham(f"mean over {len(mine)} datasets, {teacher}", whole))
        found += [_oldham(f"{dataset}, {teacher}", students) for dataset, students in mine.items() if len(students) > 2]
    return found


def _oldham(subject: str, students: Mapping[str, tuple[float, float, int]]) -> Statement:
    ends = list(students.values())
    gains = [after - before for after, before, _ in ends]
    strength = [(after + before) / 2 for after, before, _ in ends]
    told = ", ".join(f"{name} {100 * gain:+.1f}" for name, gain in zip(students, gains, strict=True))
    return from_correlation(
        "matthew",
        subject,
        "stronger students gain more from rationales",
        within_groups(["all"] * len(ends), strength, gains),
        min(runs for *_, runs in ends),
        note=f"gains: {told}",
    )


def length_is_not_granularity(evidence: Evidence, targets: Mapping[str, str]) -> list[Statement]:
    """Claim 6: a coarse level padded to a fine one's length does not reach the fine one.

    ``targets``: padded format to the level whose length it takes. Contradicted where the padded is within the margin of the fine
    level and above the plain coarse one.
    """
    found = []
    for (place, student), padded in evidence.students.items():
        if place.format not in targets:
            continue
        plain, fine = (
            evidence.students.get((Supervision(place.dataset, place.teacher, "original", level), student))
            for level in (place.level, targets[place.format])
        )
        if plain is None or fine is None:
            continue
        seeds = evidence.seeds(place.dataset, student)
        short, gained = difference(fine, padded, seeds), difference(padded, plain, seeds)
        interval, gain = short.interval(), gained.interval()
        near = max(short.p_greater(-MARGIN), short.p_less(MARGIN))
        found.append(
            Statement(
                "length-is-not-granularity",
                f"{place.dataset}, {student}, {place.teacher}",
                f"{place.level} padded to the length of {targets[place.format]} stays below {targets[place.format]}",
                "points",
                interval.value,
                interval.low,
                interval.high,
                short.p_greater(),
                max(near, gained.p_greater()),
                short.power(POINTS, 0.10),
                f"{100 * POINTS:.0f} points",
                short.reach,
                short.n,
                short.runs,
                f"padded minus plain {place.level}: {100 * gain.value:+.1f} points "
                f"({100 * gain.low:+.1f} to {100 * gain.high:+.1f})",
            )
        )
    return found
