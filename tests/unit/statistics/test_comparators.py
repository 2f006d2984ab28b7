"""Comparators of other programs: the harness's formula is its own, and what it errs is found in simulation."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.weightstats import ztest

from gradus.statistics.comparators import Design, paired, rates, unpaired_z
from gradus.statistics.measurements import Rows


def test_the_unpaired_test_is_that_of_two_independent_means() -> None:
    rng = np.random.default_rng(1)
    first, second = (rng.random(300) < 0.55).astype(float), (rng.random(300) < 0.45).astype(float)
    assert unpaired_z(first, second) == pytest.approx(ztest(first, second, usevar="unequal")[1], rel=1e-9)
    assert unpaired_z(np.ones(10), np.ones(10)) == 1.0


def test_one_run_gives_no_p_of_ours() -> None:
    rng = np.random.default_rng(2)
    first, second = Rows((rng.random((1, 50)) < 0.5).astype(float)), Rows((rng.random((1, 50)) < 0.5).astype(float))
    assert paired(first, second) is None


def test_luck_of_runs_is_taken_for_a_difference_by_tests_of_one_run() -> None:
    found = rates(Design(1319, 3, 0.1), (0.5, 0.5), 150, seed=3)
    assert found["McNemar, one run"] > 0.15 and found["unpaired z, one run"] > 0.08
    assert found["compare.py, all runs"] < 0.09
