"""Free text as an answer: what a text says its answer is, and when two answers are the same words."""

import pytest

from gradus.answers import answers_equal, extract_answer, split_answer
from gradus.evaluation.grading import Question, grade


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("She won it twice. The answer is Marie Curie.", "Marie Curie"),
        ("The answer is **the Eiffel Tower**. It stands in Paris.", "the Eiffel Tower"),
        ("The answer is St. Louis.", "St. Louis"),
        ("The answer is J. K. Rowling. She wrote it.", "J. K. Rowling"),
        ("So it is \\boxed{blue}.", "blue"),
        ("Thinking.\n#### left hand\n", "left hand"),
        ("blue", "blue"),
        ("I think.\nAnd think.", None),
        ("", None),
    ],
)
def test_the_answer_of_a_text(text: str, found: str | None) -> None:
    assert extract_answer(text, "text", None) == found


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("The Eiffel tower!", "eiffel Tower", True),
        ("café au lait", "CAFÉ  AU LAIT", True),
        ("12", "12.0", True),
        ("-5", "5", False),
        ("red", "blue", False),
        ("a", "an", False),
        ("?", "!", False),
        ("北京", "北京。", True),
    ],
)
def test_answers_are_compared_without_case_marks_and_articles(left: str, right: str, same: bool) -> None:
    assert answers_equal(left, right, "text") is same


def test_a_rationale_ends_before_its_answer_and_both_rules_agree() -> None:
    text = "She found radium. The answer is Marie Curie."
    assert split_answer(text, "text", None) == ("She found radium.", "Marie Curie")
    graded = grade(text, Question("p", "marie curie", None), "mine", "text")
    assert graded.robust and graded.strict and graded.failure is None
