"""Comparison of runs: two conditions (models, recipes, prompts), any number of runs each, on the items of any tasks.

Items and runs are crossed and paired as ``statistics.contrasts`` tests them; p is adjusted over tasks by Holm's method.
One run of a condition gives no verdict about it: what was seen in these answers is told, and what it would take.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from gradus.analysis.run_alignment import Aligned, Missing, aligned, by_task
from gradus.records.runs import ScoredRun
from gradus.runtime.errors import UserError
from gradus.statistics.contrasts import Contrast, difference
from gradus.statistics.families import holm
from gradus.statistics.margin import MARGIN
from gradus.statistics.measurements import Rows, pooled_seed_variance
from gradus.statistics.power import detectable, runs_needed
from gradus.statistics.sample_sizes import items_needed, items_needed_once, spread

ALPHA = 0.05

Verdict = Literal["first is better", "second is better", "alike", "too few data", "one run: no verdict"]


@dataclass(frozen=True)
class Needs:
    """What finds a true difference with 80 % power at 5 % divided among the tasks: ``detectable`` by these runs and items; one
    of ``effect`` by so many ``runs`` of each side on these items, or by these runs on so many ``items``.

    None where no number up to the limit does, or where one run of a side leaves it open.
    """

    effect: float
    detectable: float | None
    runs: int | None
    items: int | None


@dataclass(frozen=True)
class TaskComparison:
    """One task: ``first`` minus ``second``, with p adjusted over the tasks that can get a verdict.

    ``p_small`` speaks for a difference within ``margin`` (two one-sided tests).
    """

    task: str
    metric: str
    first: Rows
    second: Rows
    contrast: Contrast
    margin: float
    effect: float
    notes: tuple[str, ...]
    tests: int = 1
    p_adjusted: float = 1.0
    p_small_adjusted: float = 1.0

    @property
    def p_small(self) -> float:
        """p of "the difference is beyond the margin"."""
        return max(self.contrast.p_less(self.margin), self.contrast.p_greater(-self.margin))

    @cached_property
    def needs(self) -> Needs:
        """What would find a true difference of ``effect``, with p divided among ``tests`` tasks."""
        items = self.first.scores.shape[1]
        seen = spread(self.first, self.second)
        if seen is None:
            gaps = self.first.by_problem - self.second.by_problem
            variance = float(np.var(gaps, ddof=1)) if items > 1 else 0.0
            return Needs(self.effect, None, None, items_needed_once(self.effect, variance) if variance else None)
        noise = seen.noise(items)
        if items < 2 or not noise.run_sd + noise.item_variance:
            return Needs(self.effect, None, None, None)
        runs = min(self.first.runs, self.second.runs)
        return Needs(
            self.effect,
            detectable(runs, items, noise, self.tests),
            runs_needed(self.effect, items, noise, self.tests),
            items_needed(self.effect, runs, seen, self.tests),
        )

    @property
    def is_small(self) -> bool:
        """Whether it is shown that the difference is within the margin; never from one run."""
        return not self.contrast.one_run and self.p_small_adjusted < ALPHA

    @property
    def verdict(self) -> Verdict:
        """At 5 %, adjusted; none from one run."""
        if self.contrast.one_run:
            return "one run: no verdict"
        if self.p_adjusted < ALPHA:
            return "first is better" if self.contrast.estimate > 0 else "second is better"
        return "alike" if self.is_small else "too few data"


@dataclass(frozen=True)
class RunComparison:
    """All tasks that both sides have; ``only_first`` and ``only_second`` are the others."""

    names: tuple[str, str]
    sources: tuple[tuple[str, ...], tuple[str, ...]]
    tasks: tuple[TaskComparison, ...]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def decided(self) -> int:
        """How many tasks can get a verdict: the family that p is adjusted for."""
        return sum(not task.contrast.one_run for task in self.tasks)


def compare_runs(
    first: Sequence[ScoredRun],
    second: Sequence[ScoredRun],
    *,
    names: tuple[str, str] = ("A", "B"),
    margin: float = MARGIN,
    effect: float | None = None,
    missing: Missing = "drop",
) -> RunComparison:
    """Every task that both sides have, first minus second.

    ``margin`` is the difference that does not matter, ``effect`` the one that sample sizes are told for (the margin where it is
    None), both from 0 to 1. UserError where no task is on both sides, or the items of a task are not the same.
    """
    sides = by_task(first), by_task(second)
    shared = [task for task in sides[0] if task in sides[1]]
    if not shared:
        raise UserError(
            f"no task is on both sides: {_listed(sides[0])} of {names[0]}, {_listed(sides[1])} of {names[1]}",
            hint="tasks are compared by their names; --task NAME gives the files of both sides one name",
        )
    both = [aligned(task, sides[0][task], sides[1][task], names, missing) for task in shared]
    compared = [_compared(one, margin, margin if effect is None else effect) for one in both]
    twice = sorted({run.source for run in first} & {run.source for run in second})
    sources = [tuple(dict.fromkeys(run.source for run in side)) for side in (first, second)]
    return RunComparison(
        names,
        (sources[0], sources[1]),
        tuple(_adjusted(compared)),
        tuple(task for task in sides[0] if task not in sides[1]),
        tuple(task for task in sides[1] if task not in sides[0]),
        tuple(f"{source} is on both sides" for source in twice),
    )


def _compared(one: Aligned, margin: float, effect: float) -> TaskComparison:
    gap = difference(one.first, one.second, pooled_seed_variance([one.first, one.second]))
    return TaskComparison(one.task, one.metric, one.first, one.second, gap, margin, effect, one.notes)


def _adjusted(compared: Sequence[TaskComparison]) -> list[TaskComparison]:
    """The same with p adjusted over the tasks that decide; a task of one run is no test and keeps its own p."""
    deciding = [index for index, one in enumerate(compared) if not one.contrast.one_run]
    apart = holm([compared[index].contrast.p for index in deciding])
    small = holm([compared[index].p_small for index in deciding])
    done = [replace(one, p_adjusted=one.contrast.p, p_small_adjusted=one.p_small) for one in compared]
    for index, p, p_small in zip(deciding, apart, small, strict=True):
        done[index] = replace(done[index], tests=len(deciding), p_adjusted=p, p_small_adjusted=p_small)
    return done


def _listed(tasks: Mapping[str, object]) -> str:
    names = list(tasks)
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
