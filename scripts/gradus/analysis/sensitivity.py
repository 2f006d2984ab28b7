"""Sensitivity: which value of a swept key was chosen for each student, and whose order changes with it.

A granularity effect at one learning rate is one of a level and a learning rate together. A sweep trains every cell at several;
one value is taken for each student and dataset, by the mean over what it was taught, on development problems if there are some.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from statistics import fmean

from gradus.records import Condition, Supervision
from gradus.statistics.contrasts import difference
from gradus.statistics.measurements import Measurement, pooled_seed_variance
from gradus.study.config import base_of

ALPHA = 0.05


def chosen(accuracies: Mapping[Condition, float]) -> set[tuple[str, str]]:
    """Dataset and point of a student that were chosen: the highest mean over its supervisions, of equals the first.

    ``accuracies`` are those that decide, on development problems or (optimistically) on test problems, of what was taught.
    """
    means: dict[tuple[str, str], dict[str, list[float]]] = {}
    for (supervision, student), accuracy in accuracies.items():
        means.setdefault((supervision.dataset, base_of(student)), {}).setdefault(student, []).append(accuracy)
    return {(dataset, max(points, key=lambda point: fmean(points[point]))) for (dataset, _), points in means.items()}


def order_changes(measured: Mapping[Condition, Measurement]) -> dict[Condition, tuple[Supervision, ...]]:
    """By condition, the other supervisions of its student and dataset whose order with it depends on the value.

    So many changes of order are noise that one counts only where the difference is told from zero (5 %, two-sided, for itself) at
    some value, and is the other way at another.
    """
    groups: dict[tuple[str, str], dict[str, dict[Supervision, Measurement]]] = {}
    for (supervision, student), one in measured.items():
        groups.setdefault((supervision.dataset, base_of(student)), {}).setdefault(student, {})[supervision] = one
    found: dict[Condition, list[Supervision]] = {}
    for points in groups.values():
        shared = [key for key in next(iter(points.values())) if all(key in each for each in points.values())]
        for first, second in combinations(shared, 2):
            if _turns([(each[first], each[second]) for each in points.values()]):
                for point in points:
                    found.setdefault((first, point), []).append(second)
                    found.setdefault((second, point), []).append(first)
    return {condition: tuple(others) for condition, others in found.items()}


def _turns(pairs: Sequence[tuple[Measurement, Measurement]]) -> bool:
    """Whether a difference that is told from zero at one value is the other way at another."""
    gaps = [difference(first, second, pooled_seed_variance([first, second])) for first, second in pairs]
    significant = {gap.estimate > 0 for gap in gaps if gap.p < ALPHA and gap.estimate}
    seen = {gap.estimate > 0 for gap in gaps if gap.estimate}
    return any((not way) in seen for way in significant)
