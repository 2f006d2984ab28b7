"""Expressions compared in processes of their own: in order, within their time, whatever they are."""

import os
import signal
import threading

import pytest

from gradus.answers import answers_compared, answers_equal, equivalence, stated
from gradus.answers.equivalence import equivalences, equivalent
from gradus.answers.latex import quick_verdict
from gradus.evaluation.grading import Question, grade

ENDLESS = r"\int_0^1 x^{x^{x^x}} dx"  # sympy looks for a closed form


def test_verdicts_come_in_the_order_of_the_pairs() -> None:
    pairs = [(f"{number}x + 1", f"1 + {number % 3}x") for number in range(12)]
    assert equivalences(pairs) == [number % 3 == number for number in range(12)]


def test_an_endless_comparison_is_given_up_and_the_next_one_made() -> None:
    pairs = [(ENDLESS, "12"), ("2x", "x + x"), ("3x", "x")]
    assert equivalences(pairs, seconds=0.5, workers=2) == [None, True, False]
    assert equivalent("(1, 2)", "(1,2)") is True


def test_what_is_spelled_the_same_asks_nobody() -> None:
    assert equivalences([(ENDLESS, ENDLESS), ("1/2", "0.5")], seconds=0.0) == [True, True]


def test_a_worker_that_was_killed_is_replaced() -> None:
    assert equivalences([("x + y", "y + x")], workers=1) == [True]
    worker = equivalence._crew[0].process
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()
    assert equivalences([("2x + y", "y + 2x")], workers=1) == [True]


def test_the_kinds_share_one_comparison() -> None:
    assert answers_compared("1/2", "0.5", "number") is True
    assert answers_equal("\\frac{x}{2}", "0.5x", "latex")
    assert not answers_equal("A", "B", "choice")


def test_a_process_that_is_stopped_in_the_middle_gives_the_same_verdict() -> None:
    """Limits are of processor time: a stop longer than the limit, by the clock, costs nothing."""
    assert equivalences([("x + y", "y + x")], workers=1) == [True]
    pid = equivalence._crew[0].process.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    threading.Timer(1.5, os.kill, (pid, signal.SIGCONT)).start()
    assert equivalences([("(x-1)(x+2)", "(x+2)(x-1)")], seconds=1.0, workers=1) == [True]
    assert equivalence._crew[0].process.pid == pid


def test_what_cannot_be_decided_is_a_timeout_and_no_silent_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equivalence, "equivalences", lambda pairs, workers: [None])
    graded = grade(f"\\boxed{{{ENDLESS}}}", Question("1", "12", None), "math")
    assert (graded.robust, graded.failure) == (False, "timeout")


def test_no_answer_is_longer_than_what_parsers_can_bear() -> None:
    assert equivalences([("1+" * 45_000 + "1", "42")]) == [False]


@pytest.mark.parametrize(
    ("left", "right", "verdict"),
    [
        ("3", "7", False),
        ("-3", "3", False),
        ("\\frac{3}{4}", "\\frac{4}{3}", False),
        (".38", "13", False),
        ("$12$", "\\dfrac{1}{2}", False),
        ("\\frac{1}{2}", "0.5", None),  # the same: algebra says so
        ("0.3333", "\\frac{1}{3}", None),  # rounded
        ("50", "\\frac{1}{2}", None),  # percent
        ("\\frac{1}{0}", "3", None),
        ("7", "(7, 2)", None),
    ],
)
def test_plain_numbers_far_apart_need_no_algebra(left: str, right: str, verdict: bool | None) -> None:
    assert quick_verdict(left, right) is verdict
    assert quick_verdict(right, left) is verdict


@pytest.mark.parametrize(
    "lead", ["", "best\n\n", "  ** ", "my final ", "Correct \t ", "final\nfinal ", "said. _**_ ", "option chosen: A, "]
)
@pytest.mark.parametrize("word", ["answer is 4", "Answer: 4", "choice is B", "options: B", "ans = 4", "my pick: B"])
def test_a_long_text_before_the_first_phrase_hides_none(lead: str, word: str) -> None:
    """The search begins at the first word that a phrase has; what may stand before that word belongs to the phrase."""
    for before in ("", "Two and two.\n", "x" * 300 + "\n" + "y " * 200, "Is it?\n\n"):
        text = f"{before}{lead}{word}\nand on."
        whole = [match.span() for match in stated._ENGLISH.finditer(text)]
        assert stated.phrases(text) == whole
