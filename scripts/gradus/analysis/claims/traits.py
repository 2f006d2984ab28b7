"""Traits of supervisions: do diversity, complexity or surprise go with what students gain?"""

from __future__ import annotations

from collections.abc import Mapping

from gradus.analysis.claims.statements import Statement, from_correlation
from gradus.analysis.evidence import Evidence
from gradus.records import Supervision
from gradus.statistics.correlations import within_groups

FEWEST_POINTS = 5


def traits(evidence: Evidence) -> list[Statement]:
    """Claim 7: one statement per trait; points are (supervision, student), centred within student and dataset.

    Centring leaves what differs between supervisions of the same problems; whether a trait causes a gain is another question.
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
    if len(keys) < FEWEST_POINTS:
        return None
    return from_correlation(
        "trait",
        name,
        "supervisions with more of it give better students",
        within_groups(
            [(supervision.dataset, student) for supervision, student in keys],
            [values[key] for key in keys],
            [evidence.students[key].mean for key in keys],
        ),
        min(evidence.students[key].runs for key in keys),
    )
