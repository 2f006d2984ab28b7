"""Numbers as they are shown: every unit, sign and part, and what is missing."""

import math

import pytest

from gradus.presentation.number import BASELINE, EXCERPT, LEAKED, Number, explanations, percent


def test_a_number_shows_value_signs_spread_and_interval() -> None:
    assert str(Number(0.5, 0.4, 0.6, 0.05, 100, runs=3, runs_asked=3)) == "50.0 ± 5.0 [40.0, 60.0]"
    assert str(Number(0.5, 0.4, 0.6)) == "50.0 [40.0, 60.0]"
    assert str(Number(0.12345)) == "12.3"
    assert Number(0.5, 0.416, 0.584).interval(digits=0) == "[42, 58]"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Number(0.031, -0.01, 0.072, unit="points"), "+3.1 [-1.0, +7.2]"),
        (Number(-0.031, unit="points"), "-3.1"),
        (Number(143.43, unit="tokens"), "143.4"),
        (Number(-42.5, unit="more tokens"), "-42.5"),
        (Number(0.55, 0.2, 0.8, unit="correlation"), "+0.55 [+0.20, +0.80]"),
    ],
)
def test_units(number: Number, text: str) -> None:
    assert str(number) == text


def test_signs_stand_in_one_order_and_are_explained_once() -> None:
    marked = Number(0.5, marks=(EXCERPT, LEAKED, BASELINE, "5 of 6 levels"), runs=2, runs_asked=3)
    assert marked.signs == "*†‡§" and str(marked) == "50.0*†‡§"
    text = explanations([marked, marked, Number(0.1)])
    assert [text.count(word) for word in ("asterisk", "double dagger", "section sign", "A dagger")] == [1, 1, 1, 0]
    assert explanations([Number(0.5)]) == ""


def test_a_missing_number_is_a_dash_without_signs() -> None:
    missing = Number(None, runs=0, runs_asked=3, marks=(LEAKED,))
    assert (str(missing), missing.signs, missing.arms) == ("–", "", (0.0, 0.0))
    assert math.isnan(missing.scaled) and explanations([missing]) == ""


def test_arms_reach_from_the_value_to_both_bounds() -> None:
    assert list(Number(0.5, 0.45, 0.6).arms) == pytest.approx([5, 10])
    assert Number(1.0, 0.9, 0.99).arms[1] == 0, "rounding of Wilson's bound is no negative length"


def test_percent() -> None:
    assert (percent(0.0907), percent(0.9, digits=0)) == ("9.1 %", "90 %")
