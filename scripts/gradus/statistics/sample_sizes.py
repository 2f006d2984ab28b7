"""Sample sizes: how many runs, or how many items, a comparison like one that was seen would need.

What scores vary is taken apart as ``contrasts`` does: a run's luck, the noise of a single score, and how differently the two
conditions suit the items. More runs average out the first two, more items the last two.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gradus.statistics.contrasts import item_variance
from gradus.statistics.distributions import normal_quantile
from gradus.statistics.measurements import Rows
from gradus.statistics.power import Noise, power

MOST_ITEMS = 1_000_000
WANTED = 0.8  # power


@dataclass(frozen=True)
class Spread:
    """Variances of scores from 0 to 1: ``luck`` of a whole run, ``residual`` of a single score over runs (both the mean of the
    two conditions), ``by_item`` of the difference of the conditions over items."""

    luck: float
    residual: float
    by_item: float

    def noise(self, items: int) -> Noise:
        """The same for a test of so many items."""
        return Noise(math.sqrt(self.luck + self.residual / items), self.by_item, "these runs")


def spread(first: Rows, second: Rows) -> Spread | None:
    """What two conditions on the same items vary; None where one of them has a single run."""
    if first.runs < 2 or second.runs < 2:
        return None
    items = first.scores.shape[1]
    residual = (first.residual + second.residual) / 2
    between = ((first.sd or 0.0) ** 2 + (second.sd or 0.0) ** 2) / 2
    by_item, _ = item_variance(np.asarray([1.0, -1.0]), [first, second])
    return Spread(max(0.0, between - residual / items), residual, by_item * items)


def items_needed(effect: float, runs: int, seen: Spread, tests: int = 1) -> int | None:
    """The fewest items of this kind on which ``runs`` of each condition find a true ``effect``; None where no number does."""
    return _fewest(lambda items: power(effect, runs, items, seen.noise(items), tests) >= WANTED)


def items_needed_once(effect: float, variance: float) -> int | None:
    """The same for two fixed sets of answers (one run each): ``variance`` is that of an item's difference."""
    reach = normal_quantile(1 - 0.025) + normal_quantile(WANTED)
    needed = math.ceil(variance * (reach / effect) ** 2)
    return max(2, needed) if needed <= MOST_ITEMS else None


def _fewest(enough: Callable[[int], bool]) -> int | None:
    """The smallest number from 2 to ``MOST_ITEMS`` that is enough, where more are never worse."""
    high = 64
    while not enough(high):
        if high >= MOST_ITEMS:
            return None
        high = min(MOST_ITEMS, 2 * high)
    low = 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
