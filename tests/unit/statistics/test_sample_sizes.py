"""Sample sizes: what simulated studies of the told size find, and when no size is enough."""

from __future__ import annotations

import numpy as np
import pytest

from gradus.statistics.contrasts import difference
from gradus.statistics.measurements import Rows, pooled_seed_variance
from gradus.statistics.pairs import Shape, simulated_cells
from gradus.statistics.power import power
from gradus.statistics.sample_sizes import MOST_ITEMS, Spread, items_needed, items_needed_once, spread


def test_items_needed_are_the_fewest_that_reach_the_power() -> None:
    seen = Spread(luck=0.002**2, residual=0.1, by_item=0.05)
    needed = items_needed(0.03, 3, seen)
    assert needed is not None
    assert power(0.03, 3, needed, seen.noise(needed)) >= 0.8 > power(0.03, 3, needed - 1, seen.noise(needed - 1))
    assert items_needed(0.03, 3, seen, tests=5) > needed  # type: ignore[operator]


def test_no_number_of_items_outweighs_the_luck_of_few_runs() -> None:
    assert items_needed(0.03, 2, Spread(luck=0.03**2, residual=0.1, by_item=0.05)) is None


def test_what_two_conditions_vary_is_found_again() -> None:
    """In the model of ``pairs`` a run's luck of 0.15 probit is 3.2 points at 50 %: the mean of many small studies."""
    rng = np.random.default_rng(5)
    found = []
    for _ in range(60):
        first, second = simulated_cells(Shape((0.5, 0.5), (0.15, 0.15)), 4, 400, rng)
        one = spread(first, second)
        assert one is not None
        found.append(one)
    assert np.sqrt(np.mean([one.luck for one in found])) == pytest.approx(0.032, abs=0.006)
    assert 0.01 < np.mean([one.by_item for one in found]) < 0.06
    assert spread(Rows(first.scores[:1]), second) is None


def test_items_for_one_run_find_what_they_promise() -> None:
    """McNemar's test on so many items finds the difference in about 80 % of draws."""
    rng = np.random.default_rng(6)
    only_first, only_second = 0.13, 0.08
    effect = only_first - only_second
    needed = items_needed_once(effect, only_first + only_second - effect**2)
    assert needed is not None
    hits = 0
    for _ in range(300):
        kinds = rng.choice(3, size=needed, p=[only_first, only_second, 1 - only_first - only_second])
        first, second = Rows((kinds == 0).astype(float)[None]), Rows((kinds == 1).astype(float)[None])
        hits += difference(first, second, pooled_seed_variance([first, second])).p < 0.05
    assert 0.72 < hits / 300 < 0.87
    assert items_needed_once(0.0001, 0.2) is None and MOST_ITEMS == 1_000_000
