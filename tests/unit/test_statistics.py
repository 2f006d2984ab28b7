"""Intervals: against known values and under simulation."""

import numpy as np
import pytest

from gradus.statistics import minimum_detectable_difference, paired_difference, wilson


def test_wilson_against_a_published_value() -> None:
    interval = wilson(15, 148)  # Newcombe 1998, Table I: 0.0624 to 0.1605
    assert interval.low == pytest.approx(0.0624, abs=1e-4)
    assert interval.high == pytest.approx(0.1605, abs=1e-4)


def test_paired_difference_covers_the_truth_in_95_of_100_studies() -> None:
    rng = np.random.default_rng(1)
    covered = 0
    for study in range(300):
        base = rng.random(200) < 0.4
        left = (base | (rng.random(200) < 0.1)).tolist()
        interval = paired_difference(left, base.tolist(), resamples=500, seed=study)
        covered += interval.low <= 0.06 <= interval.high
    assert 270 <= covered <= 297


def test_unequal_sets_are_refused() -> None:
    with pytest.raises(ValueError, match="same"):
        paired_difference([True], [True, False])
    with pytest.raises(ValueError, match="no observation"):
        wilson(0, 0)


def test_detectable_difference_matches_the_design_figures() -> None:
    assert minimum_detectable_difference(1319) == pytest.approx(0.034, abs=0.001)
    assert minimum_detectable_difference(500) == pytest.approx(0.056, abs=0.001)
    assert minimum_detectable_difference(254) == pytest.approx(0.079, abs=0.001)
