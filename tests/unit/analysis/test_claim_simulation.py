"""Claims about datasets, students and texts, where nothing is true and where something is."""

import math

import pytest

from gradus.analysis.claim_simulation import CASES, decided

STUDIES = 40


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_seldom_decided_and_something_is_found(case: str) -> None:
    shares = decided(case, STUDIES, seed=2)
    assert shares["decided where nothing is true"] <= 0.06 + 2.6 * math.sqrt(0.06 * 0.94 / STUDIES)
    assert shares["supported where it is"] > 0.25
