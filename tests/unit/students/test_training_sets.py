"""Training sets: every exclusion declared and counted."""

from collections.abc import Callable
from functools import partial

import pytest
from builders import annotation, problem

from gradus.records import Annotation, Example
from gradus.runtime.errors import UserError
from gradus.students.base_models import make_untrained
from gradus.students.templates import Template
from gradus.students.tokens import Tokens, load_tokens
from gradus.students.training_sets import Selection, make_training_set, tokenised
from gradus.study.config.students import BuiltStudent
from gradus.study.config.training import TrainingSetPolicy

POLICY = {"agrees": "keep", "disagrees": "drop", "unparsable": "drop", "truncated": "drop", "refused": "answer-only"}


PLAIN = Template("plain", "Question: ", "\nAnswer:", " ", "<eos>")


Make = Callable[..., tuple[list[Example], Selection]]


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Tokens:
    corpus = {"source": "primer", "seed": 1, "documents": 1}
    size = {"layers": 1, "hidden": 8, "heads": 1, "vocabulary": 300, "context": 64, "seed": 1}
    student = BuiltStudent.model_validate({"kind": "built", **size, "corpus": corpus, "warm_up": {}})
    folder = tmp_path_factory.mktemp("model")
    make_untrained(student, ["Mia has 3 apples."], folder)
    return load_tokens(folder)


@pytest.fixture
def make(tokens: Tokens) -> Make:
    return partial(made, tokens)


def made(
    tokens: Tokens,
    annotations: list[Annotation],
    cutoff: int = 100,
    over_long: str = "drop",
    last_question: str = "Question e?",
) -> tuple[list[Example], Selection]:
    problems = [problem(n, question=f"Question {n}?") for n in "abcd"] + [problem("e", question=last_question)]
    return make_training_set(
        problems,
        annotations,
        TrainingSetPolicy.model_validate({"verdict_policy": POLICY, "cutoff_tokens": cutoff, "over_long": over_long}),
        PLAIN,
        tokens,
    )


def test_verdicts_follow_their_policy_and_are_counted(make: Make) -> None:
    rows = [
        annotation("a"),
        annotation("b", "disagrees", "4"),
        annotation("c", "unparsable", None),
        annotation("d", "refused", None),
    ]
    examples, selection = make(rows)
    assert [(e.problem_id, e.completion) for e in examples] == [("a", " 1 + 2 = 3. The answer is 3."), ("d", " 3")]
    assert selection.dropped == {"disagrees": 1, "unparsable": 1}


def test_a_bare_answer_stays_bare(make: Make) -> None:
    examples, _ = make([annotation("a", rationale="")])
    assert examples[0].completion == " 3"


def test_over_long_examples_are_dropped_and_counted(make: Make) -> None:
    rows = [annotation("a"), annotation("b", rationale="word " * 200)]
    examples, selection = make(rows)
    assert len(examples) == 1
    assert selection.dropped == {"over-long": 1}


def test_over_long_examples_are_cut_at_the_cutoff_without_an_end(make: Make, tokens: Tokens) -> None:
    rows = [annotation("a"), annotation("b", rationale="word " * 200)]
    examples, selection = make(rows, over_long="truncate")
    assert (len(examples), selection.truncated) == (2, 1)
    short, long = (tokenised(example, PLAIN, tokens, 100)[0] for example in examples)
    assert short[-1] == tokens.eos_id
    assert len(long) == 100 and tokens.eos_id not in long


def test_an_over_long_question_leaves_nothing_to_learn_and_is_dropped(make: Make) -> None:
    examples, selection = make(
        [annotation("a"), annotation("e")], over_long="truncate", last_question="Long " * 100 + "?"
    )
    assert [example.problem_id for example in examples] == ["a"]
    assert selection.dropped == {"over-long": 1}


def test_over_long_examples_can_be_an_error(make: Make) -> None:
    with pytest.raises(UserError, match="'b' is longer than cutoff_tokens"):
        make([annotation("a"), annotation("b", rationale="word " * 200)], over_long="refuse")


@pytest.mark.parametrize("where", ["question", "rationale"])
def test_a_text_that_would_end_itself_is_dropped(make: Make, where: str) -> None:
    """A written-out special token would be read as one: the sample would teach the student to stop in mid-sentence."""
    bad = "What does <eos> mean?"
    rows = [annotation("a"), annotation("e", rationale=bad if where == "rationale" else "1 + 2 = 3.")]
    examples, selection = make(rows, last_question=bad if where == "question" else "Question e?")
    assert [example.problem_id for example in examples] == ["a"]
    assert selection.dropped == {"special-token": 1}


def test_nothing_left_is_an_error(make: Make) -> None:
    with pytest.raises(UserError, match="no training example is left"):
        make([annotation("a", "disagrees")])


def test_an_annotation_of_an_unknown_problem_is_an_error(make: Make) -> None:
    with pytest.raises(UserError, match="'z'"):
        make([annotation("z")])
