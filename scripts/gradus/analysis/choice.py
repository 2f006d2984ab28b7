"""Choice: which of several supervisions is taken, on development problems where a dataset keeps them, else on test problems.

What was chosen for its test accuracy has one that is too good. By how much is estimated as Efron's optimism (1983): test problems
are drawn again with replacement, the best is chosen among the draws, and its accuracy there is held against that on all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

import numpy as np

from gradus.records import Supervision
from gradus.statistics.measurements import Measurement, Rows

DRAWS = 500


@dataclass(frozen=True)
class Choice:
    """What was chosen among ``candidates``, on which problems; ``optimism``: by how much (accuracy, 0 to 1) its test accuracy
    is too good for having been chosen there, 0 where it was chosen on others, None where nobody can tell."""

    best: Supervision
    on: Literal["development", "test"]
    candidates: int
    optimism: float | None


def choose(measured: Mapping[Supervision, Measurement], development: Mapping[Supervision, Measurement]) -> Choice:
    """The supervision with the highest mean accuracy; of equals the first. ``measured`` is on test problems.

    ``development`` decides where it knows every candidate.
    """
    supervisions = list(measured)
    if all(supervision in development for supervision in supervisions):
        best = max(supervisions, key=lambda supervision: development[supervision].mean)
        return Choice(best, "development", len(supervisions), 0.0)
    best = max(supervisions, key=lambda supervision: measured[supervision].mean)
    rows = [one for one in measured.values() if isinstance(one, Rows)]
    known = len(rows) == len(supervisions) and len({one.n for one in rows}) == 1
    return Choice(best, "test", len(supervisions), optimism(rows) if known else None)


def optimism(rows: list[Rows]) -> float:
    """How much too good the accuracy of the best is in the mean, for having been chosen on the problems that it is told of.

    Problems are drawn again by cluster, where some are variants of one another. In simulations (2026-11-26; 100 and 300 problems,
    one and three runs) it was 0.8 to 1.2 times the true one where all were equal, and more than that where one was clearly best.
    """
    if len(rows) < 2:
        return 0.0
    by_problem = np.array([one.by_problem for one in rows])
    clusters = rows[0].clusters
    labels = np.arange(by_problem.shape[1]) if clusters is None else np.unique(clusters, return_inverse=True)[1]
    count = int(labels.max()) + 1
    sizes = np.bincount(labels, minlength=count)
    sums = np.array([np.bincount(labels, weights=row, minlength=count) for row in by_problem])
    whole = by_problem.mean(axis=1)
    # What other seeds would change is drawn too; of one run nobody knows it.
    errors = np.array([(one.sd or 0.0) / one.runs**0.5 for one in rows])
    rng = np.random.default_rng(0)
    gaps = []
    for _ in range(DRAWS):
        weights = np.bincount(rng.integers(0, count, count), minlength=count)
        drawn = sums @ weights / float(sizes @ weights) + rng.normal(0, errors)
        best = int(np.argmax(drawn))
        gaps.append(float(drawn[best] - whole[best]))
    return max(0.0, fmean(gaps))
