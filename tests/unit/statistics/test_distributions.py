"""Distributions from scipy.special are those of scipy.stats to the last bit, and what shows numbers does without scipy.stats."""

import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from running import PROJECT
from scipy import stats

from gradus.statistics.distributions import (
    normal_above,
    normal_below,
    normal_quantile,
    t_above,
    t_below,
    t_quantile,
    wilson_limits,
)

SHARES = st.floats(1e-12, 1 - 1e-12)
PLACES = st.floats(-40, 40)
DEGREES = st.floats(0.5, 1e6) | st.just(math.inf)


@given(SHARES, PLACES, DEGREES)
def test_they_are_those_of_scipy_stats(share: float, place: float, df: float) -> None:
    assert normal_quantile(share) == stats.norm.ppf(share)
    assert (normal_below(place), normal_above(place)) == (stats.norm.cdf(place), stats.norm.sf(place))
    assert (t_below(place, df), t_above(place, df)) == (stats.t.cdf(place, df), stats.t.sf(place, df))
    assert t_quantile(share, df) == stats.t.ppf(share, df)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.01, 0.9999))
def test_wilsons_interval_is_that_of_a_binomial_test(counts: tuple[int, int], level: float) -> None:
    correct, n = counts
    interval = stats.binomtest(correct, n).proportion_ci(level, method="wilson")
    assert wilson_limits(correct, n, level) == (interval.low, interval.high)


@pytest.mark.parametrize(
    "module", ["evaluation.scoring", "evaluation.outputs.tallies", "analysis.summaries", "presentation.explorer.page"]
)
def test_scores_tables_and_pages_do_not_wait_for_scipy_stats(module: str) -> None:
    code = f"import sys, gradus.{module}; sys.exit('scipy.stats' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(PROJECT / "scripts")}, check=False)
    assert done.returncode == 0
