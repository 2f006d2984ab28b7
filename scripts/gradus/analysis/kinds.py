"""Kinds of problems: accuracy by number of steps, where the data know it. It shows where an effect lies, and tests nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gradus.analysis.evidence import Evidence
from gradus.records import Condition, Problem
from gradus.statistics.measurements import Rows

# Problems with so many steps or more are one kind.
MOST_STEPS = 6


@dataclass(frozen=True)
class BySteps:
    """The problems of a dataset by their number of steps (``MOST_STEPS``: so many or more), and the mean accuracy of each
    condition on each of them, in that order."""

    dataset: str
    problems: Mapping[int, int]
    accuracies: Mapping[Condition, Sequence[float]]


def steps(problem: Problem, source: str) -> int | None:
    """How many steps a problem takes: those of its graph, the lines of GSM8K's solution, the operators of SVAMP's equation; None
    where the data do not know it."""
    if problem.solution and "steps" in problem.solution:
        return len(problem.solution["steps"])
    if problem.rationale and source == "gsm8k":
        return sum(1 for line in problem.rationale.splitlines() if line.strip())
    if problem.rationale and source == "svamp":
        return len(re.findall(r"[-+*/](?= )", problem.rationale))
    return None


def by_steps(evidence: Evidence, dataset: str, problems: Sequence[Problem], source: str) -> BySteps | None:
    """Every condition of a dataset; None where steps are not known or all the same."""
    known = [steps(problem, source) for problem in problems]
    counted = np.array([min(MOST_STEPS, one) for one in known if one is not None])
    kinds = sorted({int(one) for one in counted})
    if len(counted) < len(problems) or len(kinds) < 2:
        return None
    found: dict[Condition, Sequence[float]] = {}
    for (supervision, student), measured in evidence.students.items():
        if supervision.dataset == dataset and isinstance(measured, Rows) and measured.n == len(counted):
            solved = measured.by_problem
            found[supervision, student] = [float(solved[counted == kind].mean()) for kind in kinds]
    return BySteps(dataset, {kind: int((counted == kind).sum()) for kind in kinds}, found)
