"""Traits of supervisions: do diversity, complexity or surprise go with what students gain?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from statistics import fmean

from gradus.analysis.claims.statements import Statement, from_correlation
from gradus.analysis.evidence import Evidence
from gradus.records import Supervision
from gradus.records.vocabulary import LEVELS
from gradus.statistics.correlations import within_groups

FEWEST_POINTS = 5
# Points with which r = 0.5 is found in 80 % of studies (Fisher), beside one for each dataset and for the level.
NEEDED = 29


def traits(evidence: Evidence) -> list[Statement]:
    """Claim 7: one statement per trait; a point is a supervision, centred within its dataset and cleared of its level.

    The text of a supervision is one thing for all students, so these are averaged first: students counted as points would
    call a trait that does nothing important in 12 to 60 % of studies. Traits such as length grow with the level, and so do
    accuracies; what is tested is what a trait adds at a given level. Whether a trait causes a gain is another question.
    """
    names = list(dict.fromkeys(name for values in evidence.traits.values() for name in values))
    found = [
        _statement(
            name,
            evidence,
            {
                key: evidence.traits[key[0]][name]
                for key in evidence.students
                if key[0] in evidence.traits and name in evidence.traits[key[0]]
            },
        )
        for name in names
    ]
    if evidence.surprise:
        found.append(_statement("loss before training", evidence, dict(evidence.surprise)))
    return [statement for statement in found if statement is not None]


def _statement(name: str, evidence: Evidence, values: Mapping[tuple[Supervision, str], float]) -> Statement | None:
    keys = [key for key in evidence.students if key in values]
    accuracy = _over_students({key: evidence.students[key].mean for key in keys})
    trait = _over_students({key: values[key] for key in keys})
    supervisions = list(accuracy)
    if len(supervisions) < FEWEST_POINTS:
        return None
    graded = [float(supervision.level[1:]) if supervision.level in LEVELS else 0.0 for supervision in supervisions]
    found = within_groups(
        [supervision.dataset for supervision in supervisions],
        [trait[supervision] for supervision in supervisions],
        [accuracy[supervision] for supervision in supervisions],
        [graded, [float(supervision.level not in LEVELS) for supervision in supervisions]],
    )
    datasets = len({supervision.dataset for supervision in supervisions})
    needed = NEEDED + datasets + 1
    return from_correlation(
        "trait",
        name,
        "supervisions with more of it give better students, at the same level",
        found,
        min(evidence.students[key].runs for key in keys),
        note="" if len(supervisions) >= needed else f"too few: r = 0.5 needs about {needed}",
    )


def _over_students(values: Mapping[tuple[Supervision, str], float]) -> dict[Supervision, float]:
    """The mean over students of each value, every student's own mean on the dataset taken off first."""
    mine: dict[tuple[str, str], list[float]] = defaultdict(list)
    for (supervision, student), value in values.items():
        mine[supervision.dataset, student].append(value)
    cleared: dict[Supervision, list[float]] = defaultdict(list)
    for (supervision, student), value in values.items():
        cleared[supervision].append(value - fmean(mine[supervision.dataset, student]))
    return {supervision: fmean(each) for supervision, each in cleared.items()}
