"""Primary comparisons: what a study declared before it trained; a family of tests of its own."""

from __future__ import annotations

from collections.abc import Sequence

from gradus.analysis.claims.statements import Statement, from_contrast
from gradus.analysis.evidence import Evidence
from gradus.analysis.over_untaught import compared
from gradus.study.declaration import Primary


def primary(evidence: Evidence, declared: Sequence[Primary], note: str = "") -> list[Statement]:
    """For every declared comparison that was measured: the first supervision is better than the second."""
    found = []
    for one in declared:
        first, second = (evidence.students.get((side, one.student)) for side in (one.first, one.second))
        if first is None or second is None:
            continue
        seeds = evidence.seeds(one.first.dataset, one.student)
        gap = compared((one.first, first), (one.second, second), seeds)
        statement = f"{one.first.short} is better than {one.second.short}"
        found.append(from_contrast("primary", one.subject, statement, gap, note, effect=one.margin, margin=one.margin))
    return found


def when_declared(trainings_before: int | None) -> str:
    """What is known of the moment of a declaration, for a statement's note."""
    if trainings_before is None:
        return "no record of when it was declared"
    if trainings_before == 0:
        return "declared before the first training"
    return (
        f"declared after {trainings_before} training{'s' if trainings_before > 1 else ''}: explores, confirms nothing"
    )
