"""One study on two machines: what differs in its cells and claims, and whether other seeds would differ as much.

Another processor is another order of sums, and so like another seed at worst. A condition differs beyond that where its runs
here and there are told apart by the test that tells two conditions apart: every side's own variance over runs, paired by problem.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from statistics import fmean
from typing import Literal

import numpy as np

from gradus.analysis.claims.statements import Statement
from gradus.records import Cell, Condition
from gradus.results.store import Results
from gradus.statistics.contrasts import Contrast, difference
from gradus.statistics.families import holm
from gradus.statistics.measurements import Rows, pooled_seed_variance
from gradus.study.grid import cells

ALPHA = 0.05

Finding = Literal["the same", "as seeds differ", "beyond seeds", "one run: seeds are not known"]


@dataclass(frozen=True)
class ConditionOnTwo:
    """One condition on two machines, second minus first.

    ``same`` counts the seeds with the same outcome on every problem. ``other_machine`` is the share of problems with another
    outcome for the same seed on the other machine, ``other_seed`` that for two seeds on one machine (None with one seed).
    """

    condition: Condition
    seeds: int
    same: int
    first: Rows
    second: Rows
    difference: Contrast
    other_machine: float
    other_seed: float | None
    p_adjusted: float = 1.0

    @property
    def finding(self) -> Finding:
        """What the machine changed, p adjusted over the conditions by Holm's method."""
        if self.same == self.seeds:
            return "the same"
        if self.difference.one_run:
            return "one run: seeds are not known"
        return "beyond seeds" if self.p_adjusted < ALPHA else "as seeds differ"


@dataclass(frozen=True)
class ClaimOnTwo:
    """One statement as both machines make it."""

    first: Statement
    second: Statement

    @property
    def verdict_differs(self) -> bool:
        """Whether the verdicts are not the same words."""
        return self.first.verdict != self.second.verdict

    @property
    def beyond_seeds(self) -> bool:
        """Whether the estimates are farther apart than both intervals allow; never from one run.

        Both intervals hold the choice of the problems, which is the same here: the test is a cautious one.
        """
        if self.first.one_run or self.second.one_run:
            return False
        halves = [(one.high - one.low) / 2 for one in (self.first, self.second)]
        return abs(self.first.estimate - self.second.estimate) > math.hypot(*halves)


def conditions_on_two(first: Results, second: Results) -> list[ConditionOnTwo]:
    """Every condition of which both machines have scored some seed, over the seeds that both have."""
    found = []
    for condition, seeds in _shared(first, second).items():
        here, there = (np.array([results.outcomes(cell) for cell in seeds]) for results in (first, second))
        if here.shape != there.shape:
            continue
        sides = Rows(here), Rows(there)
        gap = difference(sides[1], sides[0], pooled_seed_variance(sides))
        among = [
            float((side[one] != side[other]).mean())
            for side in (here, there)
            for one, other in combinations(range(len(side)), 2)
        ]
        found.append(
            ConditionOnTwo(
                condition,
                len(seeds),
                int((here == there).all(axis=1).sum()),
                *sides,
                gap,
                float((here != there).mean()),
                fmean(among) if among else None,
            )
        )
    tested = [index for index, one in enumerate(found) if one.same < one.seeds and not one.difference.one_run]
    for index, p in zip(tested, holm([found[index].difference.p for index in tested]), strict=True):
        found[index] = replace(found[index], p_adjusted=p)
    return found


def claims_on_two(first: Sequence[Statement], second: Sequence[Statement]) -> list[ClaimOnTwo]:
    """The statements that both make, by claim, subject and words."""
    there = {(one.claim, one.subject, one.statement): one for one in second}
    pairs = [(one, there.get((one.claim, one.subject, one.statement))) for one in first]
    return [ClaimOnTwo(one, other) for one, other in pairs if other is not None]


def _shared(first: Results, second: Results) -> Mapping[Condition, list[Cell]]:
    seeds: dict[Condition, list[Cell]] = {}
    others = set(cells(second.study))
    for cell in cells(first.study):
        if cell in others and first.has_metrics(cell) and second.has_metrics(cell):
            seeds.setdefault((cell.supervision, cell.student), []).append(cell)
    return seeds
