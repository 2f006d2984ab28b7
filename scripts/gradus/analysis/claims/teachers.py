"""Teachers: do more accurate teachers give better students, and do teachers and students need the same detail?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from statistics import fmean

from gradus.analysis.claims.over_datasets import correlation_over_datasets
from gradus.analysis.claims.statements import Statement, from_contrast, from_correlation
from gradus.analysis.evidence import Evidence, level_series
from gradus.records.vocabulary import LEVELS
from gradus.statistics.contrasts import combined, contrast
from gradus.statistics.correlations import Correlation, flipped, within_groups
from gradus.statistics.families import answers_slope, slope

FEWEST_POINTS = 4
# Power of a slope is stated for 2 points over six levels.
PER_LEVEL = 0.004


def better_teacher_better_student(evidence: Evidence) -> list[Statement]:
    """Claim 4, for every student: its accuracy goes with the teacher's own on the test problems (gold hidden).

    A point is a supervision, but the levels of a dataset follow one another, and two smooth series go together by chance. So
    p turns the order of whole datasets: they are what counts, and fewer than six never decide. The estimate is the mean over
    datasets of each one's r (random effects; the pooled r stands beside). Over datasets the correlation
    is one of how hard the datasets are; only the one within datasets speaks of the teachers. Both are told.
    """
    found = []
    for student in evidence.names:
        supervisions = [one for one, name in evidence.students if name == student and one in evidence.teachers]
        if len(supervisions) < FEWEST_POINTS:
            continue
        own = [evidence.teachers[supervision].mean for supervision in supervisions]
        taught = [evidence.students[supervision, student] for supervision in supervisions]
        accuracies = [measurement.mean for measurement in taught]
        runs = min(measurement.runs for measurement in taught)
        datasets = [supervision.dataset for supervision in supervisions]
        count = len(set(datasets))
        levels = [float(one.level[1:]) if one.level in LEVELS else 0.0 for one in supervisions]
        cleared = within_groups(datasets, own, accuracies, [levels])
        stated = from_correlation(
            "better-teacher-better-student",
            student,
            "more accurate supervisions give better students within a dataset",
            flipped(datasets, own, accuracies),
            runs,
            note=f"{count} dataset{'s' if count > 1 else ''}; at the same level r = {cleared.r:+.2f}",
        )
        found.append(correlation_over_datasets(stated, _each_dataset(datasets, own, accuracies), decides=False))
        if count > 2:
            found.append(
                from_correlation(
                    "teacher-and-student-over-datasets",
                    student,
                    "teacher and student find the same datasets easy",
                    within_groups(["all"] * count, _by_dataset(datasets, own), _by_dataset(datasets, accuracies)),
                    runs,
                    note="says nothing about teachers: between datasets; over all supervisions "
                    f"r = {within_groups(['all'] * len(own), own, accuracies).r:+.2f}",
                    of="datasets",
                )
            )
    return found


def teacher_against_teacher(evidence: Evidence) -> list[Statement]:
    """Claim 4a, for every student, dataset and two of its teachers: the mean over the levels that both have, paired by problem.

    The teacher that the study names first is better than the other: both directions get a verdict.
    """
    found = []
    series = [one for one in level_series(evidence, shortest=1) if one.format == "original"]
    for first, second in combinations(series, 2):
        shared = [level for level in first.levels if level in second.levels]
        if (first.dataset, first.student) != (second.dataset, second.student) or not shared:
            continue
        parts = [
            (sign / len(shared), one.levels[level]) for sign, one in ((1.0, first), (-1.0, second)) for level in shared
        ]
        gap = contrast(parts, evidence.seeds(first.dataset, first.student))
        over = f"mean over {', '.join(shared)}" if len(shared) > 1 else shared[0]
        found.append(
            from_contrast(
                "teacher-against-teacher",
                f"{first.dataset}, {first.student}, {over}",
                f"{first.teacher} teaches more than {second.teacher}",
                gap,
                margin=evidence.margin(first.dataset),
            )
        )
    return found


def _each_dataset(datasets: Sequence[str], own: Sequence[float], accuracies: Sequence[float]) -> list[Correlation]:
    """The correlation within each dataset."""
    found = []
    for dataset in dict.fromkeys(datasets):
        indices = [index for index, name in enumerate(datasets) if name == dataset]
        mine, theirs = [own[index] for index in indices], [accuracies[index] for index in indices]
        found.append(within_groups([dataset] * len(indices), mine, theirs))
    return found


def _by_dataset(datasets: Sequence[str], values: Sequence[float]) -> list[float]:
    """The mean of each dataset."""
    return [
        fmean(value for name, value in zip(datasets, values, strict=True) if name == dataset)
        for dataset in dict.fromkeys(datasets)
    ]


def teacher_against_students(evidence: Evidence) -> list[Statement]:
    """Claim 8: does detail help the teacher itself, and does it help the teacher more than its students?

    The slope of accuracy over levels, of the teacher (told the level, gold hidden) and beside it of each student. A margin is
    that of the whole way from the first level to the last.
    """
    found: dict[str, Statement] = {}
    compared = []
    for series in level_series(evidence, shortest=2):
        measured = {level: evidence.teachers.get(series.supervision(level)) for level in series.levels}
        tested = {level: measurement for level, measurement in measured.items() if measurement is not None}
        if len(tested) < 2:
            continue
        own = answers_slope(list(tested.values()))
        other = slope([series.levels[level] for level in tested], evidence.seeds(series.dataset, series.student))
        subject = f"{series.dataset}, {series.teacher}/{series.format}"
        margin = evidence.margin(series.dataset) / (len(tested) - 1)
        found[subject] = from_contrast(
            "teacher-gains-from-detail",
            subject,
            "the teacher's own accuracy rises per level",
            own,
            effect=PER_LEVEL,
            margin=margin,
        )
        compared.append(
            from_contrast(
                "teacher-gains-more-than-student",
                f"{subject}, {series.student}",
                "a finer level helps the teacher more than the student, per level",
                combined([(1.0, own), (-1.0, other)]),
                effect=PER_LEVEL,
                margin=margin,
            )
        )
    return [*found.values(), *compared]
