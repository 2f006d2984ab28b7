"""The built-in world: problems that hold together, explanations that follow the levels."""

import hashlib
import itertools
import re
from collections import Counter
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradus.data.gradeschool.explanations import Manner, explain, miscalculate
from gradus.data.gradeschool.graph import Solution, compute, halfway
from gradus.data.gradeschool.primer import primer
from gradus.data.gradeschool.stories import NUMBERS, PLAIN, Story, belongs_to_test, make_stories
from gradus.records.vocabulary import FORMATS, LEVELS
from gradus.runtime.errors import UserError

STORIES = make_stories(seed=3, count=200, split="train")
HELD_OUT = make_stories(seed=3, count=100, split="test")
stories = st.sampled_from(STORIES + HELD_OUT)
TUTOR = Manner(3)


def equations(text: str) -> list[str]:
    return re.findall(r"[\d()+*/ -]+ = \d+", text)


def sentences(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"(?<=[.?])\s", text) if part.strip()]


@given(stories)
def test_the_graph_is_consistent(story: Story) -> None:
    for step in story.solution.steps:
        assert compute(step.operation, step.left, step.right) == step.result
        assert 1 <= step.result <= NUMBERS[40].largest
        for source, value in ((step.left_step, step.left), (step.right_step, step.right)):
            assert source is None or story.solution.steps[source].result == value
    assert 2 <= len(story.solution.steps) <= 5
    assert Solution.from_json(story.solution.to_json()) == story.solution


@given(stories)
def test_every_given_number_is_in_the_question(story: Story) -> None:
    words = Counter(re.findall(r"\d+", story.question))
    doubled = {"2", "3"}  # "doubles" and "triples" are words
    needed = Counter(map(str, story.solution.givens()))
    assert all(words[number] >= count or number in doubled for number, count in needed.items())


def test_splits_share_no_structure_and_no_numbers() -> None:
    sides = {split: make_stories(8, 150, split) for split in ("train", "development", "test")}
    structures = {split: {s.solution.structure for s in side} for split, side in sides.items()}
    numbers = {split: {s.solution.givens() for s in side} for split, side in sides.items()}
    assert not structures["train"] & structures["test"]
    assert not structures["train"] & structures["development"]
    assert not numbers["train"] & numbers["test"]
    assert not numbers["development"] & numbers["test"]


def test_more_problems_than_there_are_is_a_message_and_no_endless_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradus.data.gradeschool.stories.PATIENCE", 5)
    with pytest.raises(UserError, match="cannot make 5000 different test problems"):
        make_stories(1, 5000, "test", (2,))


def test_the_generator_is_seeded() -> None:
    assert make_stories(3, 200, "train") == STORIES
    assert make_stories(4, 200, "train") != STORIES


@pytest.mark.parametrize("format_", FORMATS)
def test_levels_grow_on_average(format_: str) -> None:
    means = [fmean(len(explain(s.solution, level, format_, TUTOR, "v").split()) for s in STORIES) for level in LEVELS]
    assert all(left < right for left, right in itertools.pairwise(means)), means


@given(stories, st.sampled_from(FORMATS))
def test_equations_do_not_become_fewer_with_the_level(story: Story, format_: str) -> None:
    counts = [explain(story.solution, level, format_, TUTOR, "v").count("=") for level in LEVELS]
    assert counts == sorted(counts)


@given(stories, st.sampled_from(LEVELS))
def test_no_sentence_is_filler(story: Story, level: str) -> None:
    """Every sentence says something that no other sentence of the rationale says."""
    check_no_filler(story, level)


@pytest.mark.parametrize("level", ["L5", "L6"])
def test_no_check_repeats_what_an_easier_computation_said(level: str) -> None:
    """12 * 3 = 30 + 6 = 36 says 30 + 6 = 36 already; found by the property above, some 1 in 100 stories."""
    for story in make_stories(2028, 600, "train"):
        check_no_filler(story, level)


def check_no_filler(story: Story, level: str) -> None:
    parts = sentences(explain(story.solution, level, "original", TUTOR, "v"))
    for number, part in enumerate(parts):
        others = " ".join(parts[:number] + parts[number + 1 :])
        assert part not in others or parts.count(part) > 1, part
        new = [equation for equation in equations(part) if equation not in others]
        assert new or not equations(part) or parts.count(part) > 1, part


@given(st.sampled_from("+-*"), st.integers(1, 60), st.integers(2, 30))
def test_the_easier_computation_has_the_same_result(operation: str, left: int, right: int) -> None:
    middle = halfway(operation, left, right)
    if middle is not None:
        first, sign, second = middle.split()
        assert compute(sign, int(first), int(second)) == compute(operation, left, right)


@given(stories, st.sampled_from(FORMATS), st.sampled_from(LEVELS))
def test_every_rationale_reaches_the_answer(story: Story, format_: str, level: str) -> None:
    text = explain(story.solution, level, format_, TUTOR, "v")
    assert f"= {story.solution.answer}" in text


@settings(max_examples=50)
@given(stories, st.data())
def test_a_mistake_is_carried_through(story: Story, data: st.DataObject) -> None:
    last = len(story.solution.steps) - 1
    wrong = miscalculate(story.solution, last, 2)
    assert wrong.answer == story.solution.answer + 2
    at = data.draw(st.integers(0, last))
    assert miscalculate(story.solution, at, 1).steps[:at] == story.solution.steps[:at]


def test_an_unknown_level_or_format_is_refused() -> None:
    with pytest.raises(UserError, match="one of L1"):
        explain(STORIES[0].solution, "L7", "original", TUTOR, "v")
    with pytest.raises(UserError, match="one of original"):
        explain(STORIES[0].solution, "L1", "sonnet", TUTOR, "v")


def test_the_primer_is_seeded_and_holds_no_tutor_text() -> None:
    texts = primer(3, 400)
    assert texts == primer(3, 400)
    assert texts != primer(4, 400)
    explained = {explain(s.solution, level, "original", TUTOR, "v") for s in STORIES for level in LEVELS}
    assert not any(rationale in text for rationale in explained if len(rationale) > 40 for text in texts)


def test_held_out_structures_are_a_fair_share() -> None:
    structures = {story.solution.structure for story in STORIES}
    assert not any(belongs_to_test(structure) for structure in structures)
    assert all(belongs_to_test(story.solution.structure) for story in HELD_OUT)


def test_numbers_stay_within_twenty_where_that_is_asked() -> None:
    stories = make_stories(3, 200, "train", largest=20)
    assert max(max(step.left, step.right, step.result) for story in stories for step in story.solution.steps) == 20
    facts = " ".join(text for text in primer(3, 400, 20) if not text.startswith("Question"))
    assert max(int(number) for number in re.findall(r"[0-9]+", facts)) == 20


def test_plain_stories_say_nothing_twice_and_nothing_needless() -> None:
    stories = make_stories(3, 200, "train", (2, 3), 20, plain=True) + make_stories(
        3, 60, "test", (2, 3), 20, plain=True
    )
    for story in stories:
        solution = story.solution
        assert solution.needless is None
        assert set(solution.structure) <= set(PLAIN)
        assert len(solution.structure) == len(solution.steps)
        said = [re.sub(r"[0-9]+", "N", step.reason) for step in solution.steps]
        assert len(set(said)) == len(said)
    assert {len(story.solution.steps) for story in stories} == {2, 3}


def test_the_plain_primer_is_seeded_and_holds_neither_held_out_structures_nor_tutor_text() -> None:
    texts = primer(3, 400, 20, plain=True)
    assert texts == primer(3, 400, 20, plain=True)
    held_out = make_stories(3, 100, "test", (2, 3), 20, plain=True)
    known = make_stories(3, 100, "train", (2, 3), 20, plain=True)
    explained = {explain(s.solution, level, "original", TUTOR, "v") for s in held_out + known for level in LEVELS}
    assert not any(rationale in text for rationale in explained if len(rationale) > 40 for text in texts)
    assert not any(story.question in text for story in held_out for text in texts)
    assert max(int(number) for text in texts for number in re.findall(r"[0-9]+", text)) == 20


def test_a_row_of_the_plain_primer_is_told_by_looking_back_alone() -> None:
    rows = [text for text in primer(3, 200, 20, plain=True) if text.count(" Again: ") == 2]
    assert rows
    for row in rows:
        first, second, third = row.removesuffix(".").split(". Again: ")
        assert first == second == third


def test_stories_and_primer_of_forty_are_those_of_earlier_studies() -> None:
    """Their bytes are in the identity of every finished study."""
    texts = [story.question for story in make_stories(2028, 50, "train")] + primer(31, 50)
    assert (
        hashlib.sha256("\n".join(texts).encode()).hexdigest()
        == "e3c3be7f337b2c841838d537881ee08a015af3cf1781ad7b9a3d8c08fe4179d5"
    )


def test_plain_stories_and_primer_are_those_that_the_default_study_was_replicated_with() -> None:
    texts = primer(31, 500, 20, plain=True)
    questions = [story.question for story in make_stories(2028, 50, "train", (3,), 20, plain=True)]
    assert (
        hashlib.sha256("\n".join(texts).encode()).hexdigest()
        == "8ecfe12aa3eba1c6e960248725be37720f7f11091c80903b18f171b75f3e0dbc"
    )
    assert (
        hashlib.sha256("\n".join(questions).encode()).hexdigest()
        == "f6d6384bf7ff3fe0c412204dcd3a74963c9f64a35aadb1a955baf647f09556a6"
    )
