"""Pending changes: what would run now, new or again, and what it would cost; the difference that an edit makes.

Snakemake says of every file whether its job would run; here that becomes cells, requests and hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gradus.planning.inputs import PlanInputs
from gradus.planning.needs import WHOLE, needs_of
from gradus.planning.quotation import Quotation
from gradus.planning.quote import NOTHING
from gradus.records import Cell, Supervision
from gradus.study import paths
from gradus.study.grid import (
    accuracy_supervisions,
    cells,
    evaluations,
    experiment_cells,
    experiment_supervisions,
    is_untaught,
    supervisions,
    with_sources,
)
from gradus.study.grid import trained as trained_cells

# The file that a finished training is known by.
_WEIGHTS = paths.WEIGHTS.manifest


@dataclass(frozen=True)
class Change:
    """Of one experiment or the study: annotations, trainings and scores that are not there yet, and those made again.

    ``requests`` are those that the journal does not hold; ``usd`` is None where a price is not known, ``rank_hours`` where a
    student's size is not.
    """

    would_run_in: str
    annotations_new: int
    annotations_again: int
    trainings_new: int
    trainings_again: int
    scores_new: int
    scores_again: int
    requests: int
    usd: float | None
    optimizer_steps: int
    rank_hours: float | None

    @property
    def is_something(self) -> bool:
        """Whether any annotation, training, score or request would be made."""
        made = (self.annotations_new, self.annotations_again, self.trainings_new, self.trainings_again)
        return any((*made, self.scores_new, self.scores_again, self.requests))


@dataclass(frozen=True)
class _Scope:
    """One experiment or the whole study: its supervisions with all that they are made from, cells, and teachers' tests."""

    name: str
    supervisions: Sequence[Supervision]
    cells: Sequence[Cell]
    tested: Sequence[Supervision] = ()


def changes(inputs: PlanInputs, pending: set[str]) -> list[Change]:
    """One record per experiment in which something would run, and last one for the study, in which shared cells count once."""
    study = inputs.study
    scopes = []
    for name, experiment in study.experiments.items():
        needed = {
            supervision
            for asked in experiment_supervisions(study, experiment)
            if not is_untaught(asked)
            for supervision in with_sources(study, asked)
        }
        scopes.append(_Scope(name, sorted(needed), experiment_cells(study, experiment)))
    tested = [
        supervision
        for supervision in accuracy_supervisions(study)
        if inputs.name(paths.TEACHER_ANSWERS, supervision) in pending
    ]
    scopes.append(_Scope(WHOLE, supervisions(study), cells(study), tested))
    found = [_change(inputs, scope, pending) for scope in scopes]
    return [change for change in found if change.is_something]


def _change(inputs: PlanInputs, scope: _Scope, pending: set[str]) -> Change:
    annotated = [
        supervision for supervision in scope.supervisions if inputs.name(paths.ANNOTATIONS, supervision) in pending
    ]
    trained = [cell for cell in trained_cells(scope.cells) if inputs.name(_WEIGHTS, cell) in pending]
    scores = [
        inputs.name(paths.METRICS, cell, problems=problems, decoding=decoding)
        for cell, problems in evaluations(inputs.study, scope.cells)
        for decoding in inputs.decodings(cell)
    ]
    scores += [
        inputs.name(paths.METRICS, cell, problems=paths.TRAIN, decoding=decoding)
        for cell in scope.cells
        for decoding in inputs.solvers.get(cell, ())
    ]
    quotation = Quotation(inputs)
    quotes = [quotation.of(supervision, "train") for supervision in annotated] + [
        quotation.of(supervision, "test") for supervision in scope.tested
    ]
    cost = sum(quotes, NOTHING)
    needs = needs_of(inputs, scope.name, trained, len(annotated))
    return Change(
        scope.name,
        *_new_and_again(inputs, [inputs.name(paths.ANNOTATIONS, supervision) for supervision in annotated]),
        *_new_and_again(inputs, [inputs.name(_WEIGHTS, cell) for cell in trained]),
        *_new_and_again(inputs, [name for name in scores if name in pending]),
        cost.requests - cost.cached,
        cost.usd,
        needs.optimizer_steps,
        needs.rank_hours,
    )


def _new_and_again(inputs: PlanInputs, names: Sequence[str]) -> tuple[int, int]:
    again = sum((inputs.results.root / name).exists() for name in names)
    return len(names) - again, again
