"""Power of what a study declares: for each primary comparison what it can find, and how many seeds it takes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from gradus.analysis.clusters import ProblemClusters
from gradus.analysis.item_rows import item_rows
from gradus.analysis.published import Printed, granularity
from gradus.planning.inputs import PlanInputs
from gradus.records import Cell, Supervision
from gradus.statistics.contrasts import item_variance
from gradus.statistics.measurements import Rows
from gradus.statistics.power import Noise, detectable, interaction_variance, power, runs_needed
from gradus.study.declaration import Primary, primaries
from gradus.study.grid import cells


@dataclass(frozen=True)
class DeclaredPower:
    """One declared comparison: accuracies from 0 to 1; None where one seed says nothing, or 30 would not do."""

    declared: str
    margin: float
    seeds: int
    problems: int
    run_sd: float
    power_for_the_margin: float
    smallest_detectable_effect: float | None
    seeds_for_80_percent: int | None
    noise_from: str


def declared_power(inputs: PlanInputs, printed: Sequence[Printed]) -> list[DeclaredPower]:
    """Every primary comparison, at 5 % divided among all of them (the first step of Holm)."""
    declared = primaries(inputs.study)
    found = []
    for one in declared:
        n = inputs.problems(one.first.dataset, "test")
        noise = _pilot(inputs, one) or prior(inputs.study.datasets[one.first.dataset].source, n, printed)
        settings = (n, noise, len(declared))
        found.append(
            DeclaredPower(
                one.subject,
                one.margin,
                len(one.seeds),
                n,
                noise.run_sd,
                power(one.margin, len(one.seeds), *settings),
                detectable(len(one.seeds), *settings),
                runs_needed(one.margin, *settings),
                noise.source,
            )
        )
    return found


def prior(source: str, n: int, printed: Sequence[Printed]) -> Noise:
    """The sd over runs that Chen et al. (2025) print for a dataset, or for theirs with the nearest number of problems.

    The mean variance over the six levels of seven students; students differ, so the source tells the range.
    """
    series: dict[str, dict[str, list[float]]] = {}
    sizes: dict[str, int] = {}
    for (supervision, student), one in granularity(printed).students.items():
        if one.sd is not None and one.runs > 1:
            series.setdefault(supervision.dataset, {}).setdefault(student, []).append(one.sd**2)
            sizes[supervision.dataset] = one.n or 0
    nearest = source if source in series else min(series, key=lambda name: abs(math.log(sizes[name] / n)))
    each = sorted(math.sqrt(fmean(variances)) for variances in series[nearest].values())
    origin = f"prior: the paper's runs on {nearest} ({100 * each[0]:.1f} to {100 * each[-1]:.1f} points by student)"
    return Noise(math.sqrt(fmean(sd**2 for sd in each)), interaction_variance(0.5), origin)


def _pilot(inputs: PlanInputs, primary: Primary) -> Noise | None:
    """What both of its cells vary in the study itself, where each has been scored in two runs or more."""
    known = ProblemClusters(inputs.results)
    sides = [_rows(inputs, side, primary.student, known) for side in (primary.first, primary.second)]
    measured = [side for side in sides if side is not None and side.runs > 1]
    if len(measured) < 2:
        return None
    variances = [side.sd**2 for side in measured if side.sd is not None]
    by_item, _ = item_variance(np.array([1.0, -1.0]), measured)
    runs = " and ".join(str(side.runs) for side in measured)
    return Noise(math.sqrt(fmean(variances)), by_item * (measured[0].n or 1), f"pilot: {runs} runs of this study")


def _rows(inputs: PlanInputs, supervision: Supervision, student: str, known: ProblemClusters) -> Rows | None:
    mine: list[Cell] = [
        cell
        for cell in cells(inputs.study)
        if (cell.supervision, cell.student) == (supervision, student) and inputs.results.has_metrics(cell)
    ]
    return item_rows(inputs.results, mine, known) if mine else None
