"""Training sets: every exclusion declared and counted, leaked questions refused."""

import pytest
from test_jsonl import problem

from gradus.errors import UserError
from gradus.records import Annotation
from gradus.training_sets import make_training_set

POLICY = {"agrees": "keep", "disagrees": "drop", "unparsable": "drop", "truncated": "drop", "refused": "answer-only"}


def annotation(
    identifier: str, verdict: str = "agrees", answer: str | None = "3", rationale: str = "1 + 2 = 3."
) -> Annotation:
    return Annotation(
        identifier, 0, 0, "d", "t", "original", "L1", rationale, answer, verdict, "hash", "m", {}, "stop", {}, None
    )


def make(annotations: list[Annotation], test_question: str = "Other?", allow: bool = False, cutoff: int = 100):
    problems = [problem(n, question=f"Question {n}?") for n in "abcde"]
    held_out = [problem("test", split="test", question=test_question)]
    return make_training_set(
        problems,
        held_out,
        annotations,
        POLICY,
        allow,
        count_tokens=lambda text: len(text.split()),
        cutoff_tokens=cutoff,
    )


def test_verdicts_follow_their_policy_and_are_counted() -> None:
    rows = [
        annotation("a"),
        annotation("b", "disagrees", "4"),
        annotation("c", "unparsable", None),
        annotation("d", "refused", None),
    ]
    examples, counts = make(rows)
    assert [(e.problem_id, e.completion) for e in examples] == [("a", " 1 + 2 = 3. The answer is 3."), ("d", " 3")]
    assert counts["dropped"] == {"disagrees": 1, "unparsable": 1}


def test_a_bare_answer_stays_bare() -> None:
    examples, _ = make([annotation("a", rationale="")])
    assert examples[0].completion == " 3"


def test_a_leaked_question_is_refused_or_counted() -> None:
    with pytest.raises(UserError, match="allow_leakage"):
        make([annotation("a")], test_question="question  A")
    _, counts = make([annotation("a")], test_question="question  A", allow=True)
    assert counts["leaked"] == ["a"]


def test_over_long_examples_are_dropped_and_counted() -> None:
    rows = [annotation("a"), annotation("b", rationale="word " * 200)]
    examples, counts = make(rows)
    assert len(examples) == 1
    assert counts["dropped"] == {"over-long": 1}


def test_nothing_left_is_an_error() -> None:
    with pytest.raises(UserError, match="no training example is left"):
        make([annotation("a", "disagrees")])


def test_an_annotation_of_an_unknown_problem_is_an_error() -> None:
    with pytest.raises(UserError, match="'z'"):
        make([annotation("z")])
