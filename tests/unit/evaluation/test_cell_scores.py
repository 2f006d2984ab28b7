"""Scores of a cell: samples, votes, guesses, and what is refused."""

import pytest

from gradus.evaluation.scoring import chance, pass_at, score
from gradus.records import Prediction, Problem
from gradus.runtime.errors import UserError


def problem(name: str, answer: str = "4", kind: str = "number", choices: tuple[str, ...] | None = None) -> Problem:
    return Problem(name, "svamp", "test", f"{name}?", choices, answer, kind, None, None, "", None)


def prediction(name: str, text: str, sample: int = 0) -> Prediction:
    return Prediction(name, sample, "h", text, "stop", 5, 7)


def test_one_sample_has_no_votes() -> None:
    rows, facts = score([problem("a")], [problem("t")], [prediction("a", "The answer is 4.")])
    assert rows[0].correct and (facts["n"], facts["samples"], facts["accuracy"]) == (1, 1, 1.0)
    assert "pass_at" not in facts and "majority_accuracy" not in facts


def test_several_samples_are_averaged_and_vote() -> None:
    """Equal answers in other dress vote together; the interval is that of the problems."""
    texts = {"a": ["4", "4.0", "5", "5"], "b": ["7", "no idea", "3", "3"]}
    made = [
        prediction(name, f"The answer is {text}.", place)
        for name, mine in texts.items()
        for place, text in enumerate(mine)
    ]
    _, facts = score([problem("a"), problem("b")], [problem("t")], made)
    assert (facts["n"], facts["samples"], facts["correct"]) == (2, 4, 2)
    assert facts["accuracy"] == pytest.approx(2 / 8)
    assert facts["majority_accuracy"] == 0.5, "of equal votes the first counts"
    assert facts["pass_at"] == {"1": pytest.approx(0.25), "2": pytest.approx((1 - 1 / 6) / 2), "4": 0.5}
    assert facts["interval_high"] - facts["interval_low"] > 0.5


def test_pass_at_k_by_hand() -> None:
    assert pass_at(4, 2, 2) == pytest.approx(1 - 1 / 6)
    assert pass_at(4, 0, 4) == 0 and pass_at(4, 1, 4) == 1 and pass_at(8, 8, 1) == 1


def test_a_blind_guess() -> None:
    assert chance(problem("a", "B", "choice", ("x", "y", "z", "w"))) == 0.25
    assert chance(problem("a", "True", "boolean")) == 0.5
    assert chance(problem("a")) == 0.0


def test_uneven_and_unknown_predictions_are_refused() -> None:
    with pytest.raises(UserError, match="no prediction"):
        score([problem("a"), problem("b")], [problem("t")], [prediction("a", "4")])
    with pytest.raises(UserError, match="unknown"):
        score([problem("a")], [problem("t")], [prediction("z", "4")])
    with pytest.raises(UserError, match="more samples"):
        score(
            [problem("a"), problem("b")],
            [problem("t")],
            [prediction("a", "4"), prediction("a", "4", 1), prediction("b", "4")],
        )
