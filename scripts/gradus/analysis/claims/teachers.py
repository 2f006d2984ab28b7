"""Teachers: do more accurate teachers give better students, and do teachers and students need the same detail?"""

from __future__ import annotations

from gradus.analysis.claims.statements import Statement, from_contrast, from_correlation
from gradus.analysis.evidence import Evidence, series
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
        places = [place for place, name in evidence.students if name == student and place in evidence.teachers]
        if len(places) < FEWEST_POINTS:
            continue
        x = [evidence.teachers[place].mean for place in places]
        y = [evidence.students[place, student].mean for place in places]
        runs = min(evidence.students[place, student].runs for place in places)
        datasets = [place.dataset for place in places]
        found.append(
            from_correlation(
                "better-teacher-better-student",
                student,
                "more accurate supervisions give better students within a dataset",
                within_groups(datasets, x, y),
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
                    within_groups(["all"] * len(places), x, y),
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
    for dataset, teacher, format_, student, levels in series(evidence, shortest=2):
        mine = {
            place.level: one
            for place, one in evidence.teachers.items()
            if (place.dataset, place.teacher, place.format) == (dataset, teacher, format_) and place.level in levels
        }
        if len(mine) < 2:
            continue
        names = sorted(mine)
        own = slope([mine[name] for name in names], pooled_seed_variance(mine.values()))
        other = slope([levels[name] for name in names], evidence.seeds(dataset, student))
        subject = f"{dataset}, {teacher}/{format_}"
        found[subject] = from_contrast(
            "teacher-gains-from-detail", subject, "the teacher's own accuracy rises per level", own, effect=PER_LEVEL
        )
        compared.append(
            from_contrast(
                "teacher-gains-more-than-student",
                f"{subject}, {student}",
                "a finer level helps the teacher more than the student, per level",
                combined([(1.0, own), (-1.0, other)]),
                effect=PER_LEVEL,
            )
        )
    return [*found.values(), *compared]
