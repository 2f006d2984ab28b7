"""Alignment of runs: the items that all runs of a task share, as two matrices of scores; whatever is not shared is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gradus.records.runs import ScoredRun
from gradus.runtime.errors import UserError
from gradus.statistics.measurements import Rows

Missing = Literal["drop", "wrong"]
# The share of items with another gold answer up to which these are left out: a dataset's corrections.
FEW = 0.1


@dataclass(frozen=True)
class Aligned:
    """The scores of both sides on the same items, in the same order."""

    task: str
    metric: str
    first: Rows
    second: Rows
    notes: tuple[str, ...]


def by_task(runs: Sequence[ScoredRun]) -> dict[str, list[ScoredRun]]:
    """The runs of every task, in order of appearance."""
    found: dict[str, list[ScoredRun]] = {}
    for run in runs:
        found.setdefault(run.task, []).append(run)
    return found


def aligned(
    task: str, first: Sequence[ScoredRun], second: Sequence[ScoredRun], names: tuple[str, str], missing: Missing
) -> Aligned:
    """The items that every run has (``drop``), or all, scored 0 where a run lacks them (``wrong``).

    UserError where an id means different items, where sides took different metrics, or where nothing is shared.
    """
    runs = [*first, *second]
    _same_metric(task, runs)
    known = list(dict.fromkeys(name for run in runs for name in run.items))
    shared = [name for name in known if all(name in run.items for run in runs)]
    if not shared:
        raise UserError(
            f"no item of {task} is in every run",
            where=f"{runs[0].source} has {_some(runs[0])}, {runs[-1].source} has {_some(runs[-1])}",
            hint="items are compared by their ids; --columns id=COLUMN names the column that holds them",
        )
    others = _other_items(task, runs, shared)
    kept = [name for name in (shared if missing == "drop" else known) if name not in others]
    clusters = _clusters(runs, kept)
    sides = [Rows(_matrix(side, kept), clusters) for side in (first, second)]
    notes = [note for run in runs for note in run.notes]
    notes += _absent(runs, known, shared, missing)
    if others:
        notes.append(f"items with different gold answers in the runs are left out: {len(others)}")
    if reworded := _other_wording(runs, shared):
        notes.append(f"items that are worded differently in the runs (other prompts?): {reworded}")
    for name, side in zip(names, sides, strict=True):
        if side.repeated:
            notes.append(
                f"{side.repeated} of the {side.runs + side.repeated} runs of {name} have the same scores on all items as "
                "another one and are not counted"
            )
        if not set(np.unique(side.scores)) <= {0.0, 1.0}:
            notes.append(f"scores of {name} are not only 0 and 1")
    return Aligned(task, runs[0].metric, sides[0], sides[1], tuple(dict.fromkeys(notes)))


def _matrix(runs: Sequence[ScoredRun], names: Sequence[str]) -> NDArray[np.float64]:
    return np.array([[run.items[name].score if name in run.items else 0.0 for name in names] for run in runs])


def _clusters(runs: Sequence[ScoredRun], names: Sequence[str]) -> NDArray[np.int_] | None:
    """A number per item; an item whose cluster no run tells is a cluster of its own. None where none is told."""
    clusters: dict[str, str] = {}
    for run in runs:
        for name, item in run.items.items():
            if item.cluster is not None and clusters.setdefault(name, item.cluster) != item.cluster:
                what = f"item {name} is in cluster {clusters[name]!r} of one run and {item.cluster!r} of another"
                raise UserError(what, where=run.source)
    if not clusters:
        return None
    labels = [("of", clusters[name]) if name in clusters else ("alone", name) for name in names]
    numbers = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    return np.array([numbers[label] for label in labels])


def _same_metric(task: str, runs: Sequence[ScoredRun]) -> None:
    for run in runs[1:]:
        if run.metric != runs[0].metric:
            what = f"{task} has the score {run.metric!r} here and {runs[0].metric!r} in {runs[0].source}"
            raise UserError(what, where=run.source, hint="--metric names the score to compare")


def _other_items(task: str, runs: Sequence[ScoredRun], shared: Sequence[str]) -> set[str]:
    """The ids with another gold answer in some run; UserError where they are more than ``FEW`` of all, as another order makes."""
    found: dict[str, ScoredRun] = {}
    for name in shared:
        known = {run.items[name].gold: run for run in runs if run.items[name].gold is not None}
        if len(known) > 1:
            found[name] = list(known.values())[-1]
    if len(found) > FEW * len(shared):
        name, run = next(iter(found.items()))
        what = f"{len(found)} of {len(shared)} items of {task} have another gold answer elsewhere, the first is {name}"
        raise UserError(what, where=run.source, hint="other data, or another order: compare runs on the same items")
    return set(found)


def _other_wording(runs: Sequence[ScoredRun], shared: Sequence[str]) -> int:
    asked = [{run.items[name].question for run in runs} - {None} for name in shared]
    return sum(len(questions) > 1 for questions in asked)


def _absent(runs: Sequence[ScoredRun], known: Sequence[str], shared: Sequence[str], missing: Missing) -> list[str]:
    if len(shared) == len(known):
        return []
    fate = "only these are compared" if missing == "drop" else "a missing one counts as 0 (--missing wrong)"
    notes = [f"{len(shared)} of {len(known)} items are in every run; {fate}"]
    lacking = [(run, len(known) - len(run.items)) for run in runs if len(run.items) < len(known)]
    notes += [f"{run.source} lacks {count} of them" for run, count in lacking[:4]]
    if len(lacking) > 4:
        notes.append(f"{len(lacking) - 4} more runs lack items")
    return notes


def _some(run: ScoredRun) -> str:
    names = list(run.items)
    return ", ".join(map(repr, names[:3])) + (" ..." if len(names) > 3 else "")
