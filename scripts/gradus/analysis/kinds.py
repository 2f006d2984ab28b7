"""Kinds of problems: accuracy by number of steps, subject and difficulty, where the data know them. It shows where an effect
lies, and tests nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from gradus.analysis.evidence import Evidence
from gradus.records import Condition, Problem
from gradus.statistics.measurements import Rows

# Problems with so many steps or more are one kind.
MOST_STEPS = 6

Trait = Literal["steps", "subject", "difficulty"]


@dataclass(frozen=True)
class ByKind:
    """How many problems of a dataset are of each kind of a trait, and the mean accuracy of each condition on them, in order."""

    dataset: str
    trait: Trait
    problems: Mapping[str, int]
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


def by_kind(evidence: Evidence, dataset: str, problems: Sequence[Problem], source: str) -> list[ByKind]:
    """Every condition of a dataset by each trait that all its problems have and in which they differ."""
    traits: dict[Trait, list[str | None]] = {
        "steps": [_counted(steps(problem, source)) for problem in problems],
        "subject": [problem.subject for problem in problems],
        "difficulty": [problem.difficulty for problem in problems],
    }
    found = []
    for trait, known in traits.items():
        kinds = sorted({one for one in known if one is not None})
        if None in known or len(kinds) < 2:
            continue
        named = np.array(known)
        accuracies: dict[Condition, Sequence[float]] = {}
        for (supervision, student), measured in evidence.students.items():
            if supervision.dataset == dataset and isinstance(measured, Rows) and measured.n == len(named):
                solved = measured.by_problem
                accuracies[supervision, student] = [float(solved[named == kind].mean()) for kind in kinds]
        found.append(ByKind(dataset, trait, {kind: int((named == kind).sum()) for kind in kinds}, accuracies))
    return found


def _counted(steps: int | None) -> str | None:
    if steps is None:
        return None
    return f"{MOST_STEPS} or more" if steps >= MOST_STEPS else str(steps)
