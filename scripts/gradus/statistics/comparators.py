"""Comparators of other programs beside ours, on simulated pairs of models whose truth is known.

The formula of lm-evaluation-harness (``scripts/model_comparator.py``, ``calculate_z_value``) takes two means of one run each with
their standard errors as independent: z = (a1 - a2) / sqrt(se1² + se2²), two-sided. Its issue 3831 and pull requests 3835 and 3868
ask for McNemar's test of the same two runs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradus.statistics.contrasts import difference
from gradus.statistics.distributions import normal_above
from gradus.statistics.measurements import Rows, pooled_seed_variance
from gradus.statistics.pairs import Shape, simulated_cells


@dataclass(frozen=True)
class Design:
    """Two models on the same ``items`` with ``runs`` each; ``luck`` is the sd of a run's luck in probit units (0.1 is about 2
    points at 50 %; 0: a run is the model)."""

    items: int
    runs: int
    luck: float


DESIGNS: Mapping[str, Design] = {
    "200 items, 3 runs, no luck": Design(200, 3, 0.0),
    "200 items, 3 runs, luck of 1 point": Design(200, 3, 0.05),
    "200 items, 3 runs, luck of 2 points": Design(200, 3, 0.1),
    "1,319 items, 3 runs, no luck": Design(1319, 3, 0.0),
    "1,319 items, 3 runs, luck of 1 point": Design(1319, 3, 0.05),
    "1,319 items, 3 runs, luck of 2 points": Design(1319, 3, 0.1),
    "1,319 items, 5 runs, luck of 2 points": Design(1319, 5, 0.1),
}


def unpaired_z(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """The two-sided p of lm-evaluation-harness's comparator for the scores of two runs (or of all answers of several); 1 where
    both standard errors are 0 (it divides by them)."""
    errors = [scores.std(ddof=1) / math.sqrt(scores.size) for scores in (first, second)]
    error = math.hypot(*errors)
    return 2 * normal_above(abs(first.mean() - second.mean()) / error) if error else 1.0


def paired(first: Rows, second: Rows) -> float | None:
    """The p of ``compare.py``: None where it gives no verdict."""
    found = difference(first, second, pooled_seed_variance([first, second]))
    return None if found.one_run else found.p


def calls_different(first: Rows, second: Rows) -> dict[str, bool]:
    """Whether the two are called different at 5 %, by several ways."""
    singles = [Rows(side.scores[:1]) for side in (first, second)]
    mcnemar = difference(singles[0], singles[1], pooled_seed_variance(singles))
    ours = paired(first, second)
    return {
        "unpaired z, one run": unpaired_z(first.scores[0], second.scores[0]) < 0.05,
        "McNemar, one run": mcnemar.p < 0.05,
        "unpaired z, all answers": unpaired_z(first.scores, second.scores) < 0.05,
        "compare.py, all runs": ours is not None and ours < 0.05,
    }


def rates(design: Design, accuracies: Sequence[float], studies: int, seed: int = 0) -> dict[str, float]:
    """The share of simulated pairs that each way calls different; ``accuracies`` are the two true ones (0 to 1)."""
    rng = np.random.default_rng(seed)
    shape = Shape(tuple(accuracies), (design.luck,) * 2)
    answers = [calls_different(*simulated_cells(shape, design.runs, design.items, rng)) for _ in range(studies)]
    return {name: float(np.mean([answer[name] for answer in answers])) for name in answers[0]}
