"""The catalogue of claims: which statements a body of evidence lets one test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gradus.analysis.claims.distillation import distillation_helps
from gradus.analysis.claims.doses import doses
from gradus.analysis.claims.fits import fit_predicts_accuracy
from gradus.analysis.claims.formats import formats
from gradus.analysis.claims.gains import length_is_not_granularity, matthew, rationales_help
from gradus.analysis.claims.granularity import finer_for_stronger, non_monotone, non_monotone_on_average
from gradus.analysis.claims.primary import primary
from gradus.analysis.claims.statements import Statement, judged
from gradus.analysis.claims.teachers import (
    better_teacher_better_student,
    teacher_against_students,
    teacher_against_teacher,
)
from gradus.analysis.claims.traits import traits
from gradus.analysis.claims.transfers import transfers
from gradus.analysis.evidence import Evidence
from gradus.study.declaration import Primary

# What each claim is called in words; the numbers are those of docs/background/statistics.md.
TITLES: Mapping[str, str] = {
    "primary": "What the study declared",
    "distillation-helps": "Distillation ends above the untouched student",
    "rationales-help": "Rationales are better than bare answers",
    "non-monotone": "1. A middle granularity is best",
    "non-monotone-mean": "1a. A middle granularity is best, mean over datasets",
    "two-lines": "1b. Accuracy rises and falls (two lines: describes, decides nothing)",
    "finer-for-stronger": "2. Stronger students prefer finer levels",
    "format-matters": "3a. Some format differs from the original",
    "format-indifferent": "3b. All formats are as good as the original, within the margin",
    "better-teacher-better-student": "4. More accurate teachers give better students",
    "teacher-against-teacher": "4a. One teacher teaches more than another",
    "teacher-and-student-over-datasets": "4b. Teacher and student over datasets (not about teachers)",
    "matthew": "5. The strong gain more, in points",
    "matthew-odds": "5b. The strong gain more, in log odds",
    "length-is-not-granularity": "6. Length is not granularity",
    "trait": "7. Diversity, complexity and surprise",
    "teacher-gains-from-detail": "8. The teacher itself gains from detail",
    "teacher-gains-more-than-student": "8b. Detail helps the teacher more than the student",
    "rises": "9. More of it is better, to the last value",
    "saturates": "9a. It helps, then saturates",
    "valley": "9b. A valley: it falls, then recovers",
    "peak": "9c. A middle value is best",
    "transfers": "10. What was taught helps on another dataset too",
    "transfers-whole": "10a. The gain is as large there",
    "fit-predicts-accuracy": "11. The fit before training tells which texts teach",
}


def judged_claims(
    evidence: Evidence,
    padded: Mapping[str, str] | None = None,
    declared: Sequence[Primary] = (),
    when: str = "",
) -> list[Statement]:
    """Every statement that the evidence can speak to, judged; a family is a claim within this evidence.

    The evidence is that of a whole study: how its cells are dealt to experiments changes nothing. Claims over datasets,
    students or supervisions leave out what was made for values on an axis.

    ``padded`` maps formats to the level whose length they take; ``declared`` are the primary comparisons, and ``when`` tells when
    they were declared.
    """
    ordinary = evidence.without_points
    found = [
        *primary(evidence, declared, when),
        *distillation_helps(evidence),
        *rationales_help(evidence),
        *non_monotone(evidence),
        *non_monotone_on_average(ordinary),
        *finer_for_stronger(ordinary),
        *formats(evidence),
        *better_teacher_better_student(ordinary),
        *teacher_against_teacher(evidence),
        *matthew(ordinary),
        *length_is_not_granularity(evidence, padded or {}),
        *traits(ordinary),
        *teacher_against_students(evidence),
        *doses(evidence),
        *transfers(evidence),
        *fit_predicts_accuracy(ordinary),
    ]
    order = list(TITLES)
    return judged(sorted(found, key=lambda statement: order.index(statement.claim)))
