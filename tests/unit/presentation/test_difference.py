"""Differences: one rule for what differs, one sentence, one table."""

import math

import pytest

from gradus.presentation.difference import Difference, csv_values, points, summary, table
from gradus.presentation.number import Number
from gradus.statistics.contrasts import Contrast


def contrast(estimate: float, error: float = 0.01) -> Contrast:
    return Contrast(estimate, error, math.inf, "conditions", 300, 3)


@pytest.mark.parametrize(
    ("estimate", "differs"), [(0.02, True), (-0.02, True), (0.019, False), (-0.019, False), (0.0, False)]
)
def test_what_differs_excludes_zero(estimate: float, differs: bool) -> None:
    assert contrast(estimate).excludes_zero is differs
    assert csv_values(contrast(estimate))[3] is differs


def test_nothing_differs_where_nothing_can_be_said() -> None:
    assert not Contrast(0.9, math.inf, 1.0, "nothing", None, 1).excludes_zero
    assert csv_values(None) == [None] * 4


def test_the_summary_counts_and_says_how_many_chance_would_make() -> None:
    assert summary([contrast(0.1), contrast(-0.1), contrast(0.0), contrast(0.01)]) == (
        "2 of 4 differ by more than both are uncertain (95 %, each by itself: 0.2 would by chance)."
    )


def test_a_row_shows_both_numbers_with_their_runs_and_the_interval() -> None:
    assert str(points(contrast(0.1).interval())) == "+10.0 [+8.0, +12.0]"
    found = [
        Difference(("x",), Number(0.5, runs=3), Number(0.4, runs=1), contrast(0.1)),
        Difference(("y",), Number(0.5, runs=3), Number(0.4), None),
        Difference(("z",), Number(101.5, unit="tokens"), Number(100.93, unit="tokens"), None),
    ]
    lines = table(["name", "here", "there", "difference", ""], found).markdown().splitlines()
    assert lines[2:] == [
        "| x | 50.0 (3) | 40.0 (1) | +10.0 [+8.0, +12.0] | differs |",
        "| y | 50.0 (3) | 40.0 (1) | +10.0 |  |",
        "| z | 101.5 (1) | 100.9 (1) | +0.6 |  |",
    ]
