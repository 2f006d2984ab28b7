"""Two sets of problems: how much a gain changes from one to the other, run by run, for the same runs are asked both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gradus.analysis.over_untaught import gain
from gradus.records import Supervision
from gradus.statistics.contrasts import Contrast
from gradus.statistics.measurements import Measurement, Rows, pooled_seed_variance


def change(
    first: Sequence[Measurement],
    second: Sequence[Measurement],
    supervision: Supervision,
    first_reference: Measurement,
    second_reference: Measurement,
) -> Contrast | None:
    """The gain of a mean of conditions over a reference on the second set of problems, minus that on the first.

    Runs that are good on one set may be good, or poor, on the other: each run's own difference is taken, and varies over runs.
    The problems of the two sets are independent draws. None where a condition's runs on the two sets are not the same ones, or
    only means are known.
    """
    joined = [_joined(one, other) for one, other in zip(first, second, strict=True)]
    reference = _joined(first_reference, second_reference)
    conditions = [one for one in joined if one is not None]
    if reference is None or len(conditions) < len(joined):
        return None
    share = 1 / len(conditions)
    seeds = pooled_seed_variance([*conditions, reference])
    found = gain([(share, one) for one in conditions], (supervision, reference), seeds)
    estimate = sum(share * (other.mean - one.mean) for one, other in zip(first, second, strict=True))
    estimate -= second_reference.mean - first_reference.mean
    return replace(found, estimate=estimate, n=None, groups=None, discordant=None, log_odds=0.0)


def _joined(first: Measurement, second: Measurement) -> Rows | None:
    """A condition's runs on both sets as rows whose mean is a run's luck on the second set minus that on the first.

    Each set is centred, so that what varies over problems is what varies within a set, and scaled to count as a mean of its own.
    """
    if not (isinstance(first, Rows) and isinstance(second, Rows)) or first.runs != second.runs:
        return None
    sizes = first.scores.shape[1], second.scores.shape[1]
    total = sum(sizes)
    parts = [
        sign * total / size * (one.scores - one.mean)
        for sign, size, one in zip((-1, 1), sizes, (first, second), strict=True)
    ]
    groups = [
        np.arange(size) if one.clusters is None else np.unique(one.clusters, return_inverse=True)[1]
        for size, one in zip(sizes, (first, second), strict=True)
    ]
    clusters = np.concatenate([groups[0], groups[1] + groups[0].max() + 1])
    return Rows(np.concatenate(parts, axis=1), clusters, distinct=True)
