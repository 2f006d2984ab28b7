"""Fit before training: does how natural a supervision's texts are to the untrained student tell how well they teach it?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from gradus.analysis.claims.statements import Statement, from_correlation
from gradus.analysis.evidence import Evidence
from gradus.analysis.fit_prediction import DRAWS, SCORES, Grid, association
from gradus.records import Supervision
from gradus.records.fits import Fit
from gradus.statistics.correlations import Correlation

FEWEST_SUPERVISIONS = 3
# Supervisions over all datasets with which r = 0.5 is found in 80 % of studies (Fisher), beside one for each dataset.
NEEDED = 30
_WORDS = {
    "surprisal": "surprisal per token before training",
    "rank": "rank per token before training",
    "rsr": "rank-surprisal ratio before training",
    "local_surprisal": "surprisal given two steps before training",
}


def fit_predicts_accuracy(evidence: Evidence) -> list[Statement]:
    """Claim 11: one statement per score; a point of evidence is a supervision, whose texts all students share.

    Ranks are taken within each dataset and student, and the null hypothesis exchanges the supervisions of a dataset for all
    students at once. A level that is higher in accuracy and in surprisal for other reasons counts, too: what is asked is
    whether the score would have named the better supervisions, not why.
    """
    grids = fit_grids(evidence.fits, {key: one.mean for key, one in evidence.students.items()})
    if not grids:
        return []
    runs = min(
        evidence.students[supervision, student].runs
        for supervision, student in evidence.fits
        if (supervision, student) in evidence.students
    )
    return [_statement(grids, score, runs) for score in SCORES]


def fit_grids(
    fits: Mapping[tuple[Supervision, str], Fit], accuracies: Mapping[tuple[Supervision, str], float]
) -> list[Grid]:
    """A grid per dataset with the supervisions that have a fit and an accuracy of every student that has any; a dataset with
    fewer than ``FEWEST_SUPERVISIONS`` of them is left out."""
    both = [key for key in accuracies if key in fits]
    grids = []
    for dataset in dict.fromkeys(supervision.dataset for supervision, _ in both):
        mine = [key for key in both if key[0].dataset == dataset]
        students = list(dict.fromkeys(student for _, student in mine))
        supervisions = [
            supervision
            for supervision in dict.fromkeys(supervision for supervision, _ in mine)
            if all((supervision, student) in fits and (supervision, student) in accuracies for student in students)
        ]
        if len(supervisions) < FEWEST_SUPERVISIONS:
            continue
        scores = {
            score: np.array(
                [[getattr(fits[supervision, student], score) for supervision in supervisions] for student in students]
            )
            for score in SCORES
        }
        measured = np.array(
            [[accuracies[supervision, student] for supervision in supervisions] for student in students]
        )
        grids.append(Grid(dataset, tuple(map(_name, supervisions)), tuple(students), scores, measured))
    return grids


def _name(supervision: Supervision) -> str:
    """The level, where only that tells: the usual case, in which a rule "always L3" has a meaning."""
    return supervision.level if supervision.format == "original" else f"{supervision.format}/{supervision.level}"


def _statement(grids: Sequence[Grid], score: str, runs: int) -> Statement:
    found = association(grids, score)
    supervisions = sum(len(grid.supervisions) for grid in grids)
    df = supervisions - len(grids) - 1
    orders = math.prod(math.factorial(len(grid.supervisions)) for grid in grids)
    correlation = Correlation(
        found.r,
        found.p_positive,
        found.p_negative,
        1 / math.sqrt(df - 1) if df > 1 else None,
        supervisions,
        max(1 / orders, 1 / (DRAWS + 1)),
    )
    needed = NEEDED + len(grids)
    return from_correlation(
        "fit-predicts-accuracy",
        _WORDS[score],
        "supervisions with more of it give better students",
        correlation,
        runs,
        note="" if supervisions >= needed else f"too few: r = 0.5 needs about {needed}",
    )
