"""Teachers: do more accurate teachers give better students, and do teachers and students need the same detail?"""

from __future__ import annotations

from gradus.analysis.claims.statements import Statement, from_contrast, from_correlation
from gradus.analysis.evidence import Evidence, level_series
from gradus.statistics.contrasts import combined
from gradus.statistics.correlations import within_groups
from gradus.statistics.families import slope
from gradus.statistics.measurements import pooled_seed_variance

FEWEST_POINTS = 4
# Power of a slope is stated for 2 points over six levels.
PER_LEVEL = 0.004


def better_teacher_better_student(evidence: Evidence) -> list[Statement]:
    """Claim 4, for every student: its accuracy goes with the teacher's own on the test problems (gold hidden).

    A point is a supervision. Pooled over datasets the correlation is mostly one of how hard the datasets are; only the one within
    datasets speaks of the teachers. Both are told.
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
        found.append(
            from_correlation(
                "better-teacher-better-student",
                student,
                "more accurate supervisions give better students within a dataset",
                within_groups(datasets, own, accuracies),
                runs,
                note=f"{len(set(datasets))} datasets",
            )
        )
        if len(set(datasets)) > 1:
            found.append(
                from_correlation(
                    "teacher-and-student-over-datasets",
                    student,
                    "teacher and student find the same datasets easy",
                    within_groups(["all"] * len(supervisions), own, accuracies),
                    runs,
                    note="says nothing about teachers: between datasets",
                )
            )
    return found


def teacher_against_students(evidence: Evidence) -> list[Statement]:
    """Claim 8: does detail help the teacher itself, and does it help the teacher more than its students?

    The slope of accuracy over levels, of the teacher (told the level, gold hidden) and beside it of each student.
    """
    found: dict[str, Statement] = {}
    compared = []
    for series in level_series(evidence, shortest=2):
        measured = {level: evidence.teachers.get(series.supervision(level)) for level in series.levels}
        tested = {level: measurement for level, measurement in measured.items() if measurement is not None}
        if len(tested) < 2:
            continue
        own = slope(list(tested.values()), pooled_seed_variance(tested.values()))
        other = slope([series.levels[level] for level in tested], evidence.seeds(series.dataset, series.student))
        subject = f"{series.dataset}, {series.teacher}/{series.format}"
        found[subject] = from_contrast(
            "teacher-gains-from-detail", subject, "the teacher's own accuracy rises per level", own, effect=PER_LEVEL
        )
        compared.append(
            from_contrast(
                "teacher-gains-more-than-student",
                f"{subject}, {series.student}",
                "a finer level helps the teacher more than the student, per level",
                combined([(1.0, own), (-1.0, other)]),
                effect=PER_LEVEL,
            )
        )
    return [*found.values(), *compared]
