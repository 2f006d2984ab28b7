"""Where steps of a rationale begin and end, and what kind each is."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradus.teachers.transforms.steps import join, split_steps, split_words, step_type


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("We add 1.5 and 2. That is 3.5!", 2),
        ("1. Add: 2 + 3 = 5.\n2. Double it, e.g. 5 * 2 = 10.", 2),
        ("Step one\n\nStep two", 2),
        ("Let $x = 3. 5$ be. So $$a.\nb$$ holds.", 2),
        ("\\begin{align}a. \\\\\nb\\end{align} Done.", 1),
        ("\\begin{align}a. \\end{other} b.", 2),
        ("\\(a. b\\) c. \\(d. e", 3),
        ("$$a. b$$ c. $$d. e", 3),
        ("", 0),
        ("  \n ", 0),
    ],
)
def test_steps_end_with_sentences_and_lines(text: str, steps: int) -> None:
    assert len(split_steps(text)) == steps


@given(st.text(alphabet="ab1.!? \n$=)\\[]", max_size=80))
def test_no_character_is_lost_between_steps(text: str) -> None:
    assert "".join(split_steps(text)).strip() == text.strip()
    assert "".join(split_words(text)).strip() == text.strip()
    assert join(split_steps(text)) == text.strip()


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        ("Check: 3 + 4 = 7.", "verification"),
        ("Let's verify: 3 * 4 = 12.", "verification"),
        ("To double-check, we add again.", "verification"),
        ("Now we can check that 5 is odd.", "verification"),
        ("She wrote a check of 5 dollars.", "statement"),
        ("We do not need this: Ben is 9 years old.", "aside"),
        ("So 3 + 4 = 7 apples.", "calculation"),
        ("Mia buys apples.", "statement"),
    ],
)
def test_types_of_steps(step: str, kind: str) -> None:
    assert step_type(step) == kind


@pytest.mark.parametrize("unit", ["So 3 + 4 = 7. ", "$x = 3. 5$ so. ", "a. ", "\\(x. ", "\\[x. ", "\\begin{x} y. "])
def test_long_texts_are_cut_in_one_pass(unit: str) -> None:
    """A chain of thoughts has hundreds of kilobytes; every step was held against every formula, also one that never closes."""
    began = time.process_time()
    assert len(split_steps(unit * 20_000)) >= 10_000
    assert time.process_time() - began < 8.0


@pytest.mark.parametrize(
    "text", ["*" * 100_000 + "x", " " * 100_000 + "x", "e.g. " * 20_000, "1" * 100_000, "a.\n" + "\n" * 100_000]
)
def test_runs_of_one_sign_take_no_longer_than_other_texts(text: str) -> None:
    """A model that repeats itself writes such texts; each sign was the beginning of another look at all that follow."""
    began = time.process_time()
    (step,) = split_steps(text)
    step_type(step)
    assert time.process_time() - began < 8.0
