"""Transforms: padding reaches the target length and says nothing, mixtures choose by steps."""

from dataclasses import replace

import pytest
from builders import annotation, problem
from hypothesis import given
from hypothesis import strategies as st

from gradus.answers import canonical_boolean, numbers_in
from gradus.records import Problem, Scored, Supervision
from gradus.runtime.errors import UserError
from gradus.study.config.transforms import MixedTransform, PaddedTransform
from gradus.teachers.transforms import make_plugin
from gradus.teachers.transforms.mixed import pass_rates, solution_steps
from gradus.teachers.transforms.padded import NEUTRAL

PLACE = Supervision("d", "t", "padded-L5", "L1")
PADDED = PaddedTransform(kind="padded", target="L5", tokenizer="s", filler="neutral")


def test_what_a_student_solves_often_enough_is_from_another_level() -> None:
    section = MixedTransform.model_validate(
        {"kind": "mixed", "teacher": "t", "rates": {0.5: "L3", 1: "L1"}, "otherwise": "L6", "solver": {"student": "s"}}
    )
    place = Supervision("d", "mixed", "by-skill", "native")
    assert [source.level for source in section.sources(place)] == ["L1", "L3", "L6"]
    right = {"a": [True, True], "b": [True, False], "c": [False, False], "d": [True, True, False]}
    solved = pass_rates(
        Scored(name, sample, None, correct, correct, None, False)
        for name, row in right.items()
        for sample, correct in enumerate(row)
    )
    assert solved == {"a": 1.0, "b": 0.5, "c": 0.0, "d": pytest.approx(2 / 3)}
    asked = [replace(problem(), id=name) for name in right]
    rows = [[replace(annotation(name, rationale=level), level=level) for name in right] for level in ("L1", "L3", "L6")]
    mixed = make_plugin(section, solved=solved).apply(place, asked, rows, words)
    assert [(row.problem_id, row.rationale) for row in mixed] == [("a", "L1"), ("b", "L3"), ("c", "L6"), ("d", "L3")]
    with pytest.raises(UserError, match="nobody was asked the training problem 'd'"):
        make_plugin(section, solved={"a": 1.0, "b": 1.0, "c": 1.0}).apply(place, asked, rows, words)


def words(text: str) -> int:
    return len(text.split())


@given(st.integers(1, 30), st.integers(1, 200))
def test_padding_reaches_the_length_of_the_target_and_never_passes_it(short: int, long: int) -> None:
    low = [annotation("a", rationale="one " * short)]
    high = [replace(low[0], rationale="two " * long, level="L5")]
    (row,) = make_plugin(PADDED).apply(PLACE, [], [low, high], words)
    assert words(row.rationale) == max(short, long)
    assert row.rationale.split()[:short] == low[0].rationale.split()
    assert (row.format, row.level, row.answer) == ("padded-L5", "L1", low[0].answer)


def test_the_neutral_filler_holds_no_answer_of_any_kind() -> None:
    for sentence in NEUTRAL:
        assert numbers_in(sentence) == []
        for word in sentence.rstrip(".").split():
            assert canonical_boolean(word) is None
            assert word not in set("ABCDE")


def test_the_papers_variant_repeats_the_rationale() -> None:
    low = [annotation("a", rationale="We add 1 and 2.")]
    high = [replace(low[0], rationale="word " * 12)]
    (row,) = make_plugin(PADDED.model_copy(update={"filler": "repeat"})).apply(PLACE, [], [low, high], words)
    assert row.rationale == "We add 1 and 2. We add 1 and 2. We add"


def test_padding_differs_between_problems_and_is_the_same_each_time() -> None:
    low = [annotation(name, rationale="short") for name in "abcdefgh"]
    high = [replace(row, rationale="word " * 15) for row in low]
    first = make_plugin(PADDED).apply(PLACE, [], [low, high], words)
    assert first == make_plugin(PADDED).apply(PLACE, [], [low, high], words)
    assert len({row.rationale for row in first}) > 3


@pytest.mark.parametrize(
    ("rationale", "steps"),
    [
        ("8 - 3 = 5.", 1),
        ("2 + 3 = 5\n5 * 2 = 10", 2),
        ("Birds fly. Stones do not! So no.", 3),
        ("x >= 3 and y == 2", 1),
        (None, None),
    ],
)
def test_steps_of_a_solution(rationale: str | None, steps: int | None) -> None:
    assert solution_steps(replace(problem(), rationale=rationale, solution=None)) == steps


def test_a_mixture_takes_each_problem_from_its_level() -> None:
    section = MixedTransform(kind="mixed", teacher="t", levels={"1": "L5"}, otherwise="L2")
    plugin = make_plugin(section)
    supervision = Supervision("d", "mixed", "by-steps", "native")
    assert section.sources(supervision) == [Supervision("d", "t", "original", level) for level in ("L2", "L5")]
    problems: list[Problem] = [
        replace(problem(), id="one", rationale="1 + 1 = 2."),
        replace(problem(), id="two", rationale="1 + 1 = 2. 2 + 1 = 3."),
    ]
    rows = [[annotation(name, rationale=f"{level} text") for name in ("one", "two")] for level in ("L2", "L5")]
    mixed = plugin.apply(supervision, problems, rows, words)
    assert [(row.problem_id, row.rationale) for row in mixed] == [("one", "L5 text"), ("two", "L2 text")]
    assert {(row.teacher, row.format, row.level) for row in mixed} == {("mixed", "by-steps", "native")}


def test_a_padded_text_is_made_from_its_level_and_its_target() -> None:
    section = PaddedTransform(kind="padded", target="L5", tokenizer="s")
    supervision = Supervision("d", "t", "padded-L5", "L1")
    assert section.sources(supervision) == [Supervision("d", "t", "original", level) for level in ("L1", "L5")]
