"""Scores of a cell: samples, votes, guesses, and what is refused."""

import pytest

from gradus.evaluation.scoring import chance, pass_at, score
from gradus.records import Prediction, Problem
from gradus.records.vocabulary import AnswerKind
from gradus.runtime.errors import UserError


def problem(
    name: str, answer: str = "4", kind: AnswerKind = "number", choices: tuple[str, ...] | None = None
) -> Problem:
    return Problem(name, "svamp", "test", f"{name}?", choices, answer, kind, None, None, "", None)


def prediction(name: str, text: str, sample: int = 0) -> Prediction:
    return Prediction(name, sample, "h", text, "stop", 5, 7)


def test_one_sample_has_no_votes() -> None:
    rows, facts = score([problem("a")], [problem("t")], [prediction("a", "The answer is 4.")])
    assert rows[0].correct and (facts.n, facts.samples, facts.accuracy) == (1, 1, 1.0)
    assert not {"pass_at", "majority_accuracy"} & set(facts.to_json())


# Texts that the two sets of rules judge differently: the paper's lose a leading dot, and read the first of two paragraphs.
OURS_ALONE = ("The answer is .5.", "0.5"), ("The answer is 3.\n\nThe answer is 4.", "4")
THEIRS_ALONE = ("The answer is 4.\n\nThe answer is 7.", "4")


def test_accuracy_goes_by_our_rules_and_the_papers_stand_beside_it() -> None:
    texts = {"a": OURS_ALONE[0], "b": OURS_ALONE[1], "c": THEIRS_ALONE, "d": ("The answer is 9.", "4")}
    problems = [problem(name, answer) for name, (_, answer) in texts.items()]
    rows, facts = score(problems, [problem("t")], [prediction(name, text) for name, (text, _) in texts.items()])
    assert [(row.correct, row.strict) for row in rows] == [(True, False), (True, False), (False, True), (False, False)]
    assert (facts.correct, facts.accuracy) == (2, 0.5)
    assert (facts.strict_correct, facts.strict_accuracy, facts.disagreements) == (1, 0.25, 3)
    assert facts.interval_low == pytest.approx(0.1500, abs=1e-4), "Wilson's interval of 2 of 4"
    assert facts.interval_high == pytest.approx(0.8500, abs=1e-4)


def test_votes_and_pass_at_k_go_by_our_rules() -> None:
    made = [prediction("a", OURS_ALONE[0][0], index) for index in range(2)]
    _, facts = score([problem("a", "0.5")], [problem("t")], made)
    assert (facts.majority_accuracy, facts.pass_at) == (1.0, {"1": 1.0, "2": 1.0})


def test_several_samples_are_averaged_and_vote() -> None:
    """Equal answers in other dress vote together; the interval is that of the problems."""
    texts = {"a": ["4", "4.0", "5", "5"], "b": ["7", "no idea", "3", "3"]}
    made = [
        prediction(name, f"The answer is {text}.", index)
        for name, mine in texts.items()
        for index, text in enumerate(mine)
    ]
    _, facts = score([problem("a"), problem("b")], [problem("t")], made)
    assert (facts.n, facts.samples, facts.correct) == (2, 4, 2)
    assert facts.accuracy == pytest.approx(2 / 8)
    assert facts.majority_accuracy == 0.5, "of equal votes the first counts"
    assert facts.pass_at == {"1": pytest.approx(0.25), "2": pytest.approx((1 - 1 / 6) / 2), "4": 0.5}
    assert facts.interval_high - facts.interval_low > 0.5


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
