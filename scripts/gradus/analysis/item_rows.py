"""Item rows: what the runs of one condition solved, problem by problem."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradus.analysis.clusters import ProblemClusters
from gradus.records import Cell
from gradus.results.store import Results
from gradus.statistics.measurements import Rows
from gradus.study import paths


def item_rows(
    results: Results,
    seeds: Sequence[Cell],
    known: ProblemClusters,
    problems: str = paths.TEST,
    decoding: str | None = None,
) -> Rows:
    """What the seeds of one condition solved: a row per seed, a column per problem; with the main decoding unless one is
    named."""
    scores = np.array([results.outcomes(cell, decoding, problems) for cell in seeds])
    return Rows(scores, known.of(*paths.split_of(seeds[0].supervision.dataset, problems), scores.shape[1]))
