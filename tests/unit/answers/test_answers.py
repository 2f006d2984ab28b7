"""Answers in text: known cases, and properties that any text must keep."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradus.answers import (
    answers_equal,
    canonical_answer,
    canonical_number,
    extract_answer,
    extract_number,
    split_answer,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The answer is 12.", "12"),
        ("The answer is $29.00.", "29"),
        ("The answer is: 1,203", "1203"),
        ("12 + 5 = 17 apples. The answer is 17 (not 8).", "17"),
        ("The answer is 5. No, wait. The answer is 7.", "7"),
        ("The answer is -3.5", "-7/2"),
        ("The answer is \u22123", "-3"),
        (" 42", "42"),
        ("16 - 2 = 14", "14"),
        ("The answer is 1/2", "1/2"),
        ("The answer is unknown", None),
        ("", None),
        ("no number here", None),
        ("Shiela will pay $\\boxed{255}$ dollars each month for 3 months.", "255"),
        ("Thus, the answer is:\n\n\\[\n\\boxed{\\$90}\n\\]", "90"),
        ("Therefore, the answer to the problem is \\(\\boxed{2}\\) roses and \\(\\boxed{34}\\) orchids.", "2"),
        ("So the answer to this question is it will take 9 minutes to blink 459 times.", "9"),
        ("8 + 8 = 16\n#### 16\n(2 of them)", "16"),
        ("\\boxed{\\frac{3}{4}}", "3/4"),
        ("\\boxed{7{,}300}", "7300"),
        ("**Answer:** 12 of 30", "12"),
    ],
)
def test_known_cases(text: str, expected: str | None) -> None:
    assert extract_number(text) == expected


@given(st.text())
def test_any_text_is_read_without_an_error_and_the_same_twice(text: str) -> None:
    first = extract_number(text)
    assert first == extract_number(text)
    assert first is None or canonical_number(first) == first


@given(st.integers(-(10**12), 10**12), st.text(alphabet="abc .,;\n", max_size=30))
def test_a_stated_answer_is_found_whatever_comes_before(number: int, before: str) -> None:
    assert extract_number(f"{before} The answer is {number}.") == str(number)


@given(st.integers(0, 10**9))
def test_spellings_of_a_number_are_equal(number: int) -> None:
    assert answers_equal(f"{number:,}", f"{number}.00", "number")
    assert answers_equal(f"${number}", str(number), "number")
    assert not answers_equal(str(number + 1), str(number), "number")


def test_split_keeps_the_rationale_and_takes_the_answer_sentence_off() -> None:
    assert split_answer("2 + 3 = 5. The answer is 5.", "number", None) == ("2 + 3 = 5.", "5")
    assert split_answer("just 5", "number", None) == ("just 5", "5")


OPTIONS = ("river bank", "2/5", "5", "bank", "none of these")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The answer is B.", "B"),
        ("So, the answer is **(C)**.", "C"),
        ("Among all the answer choices, the best option is E) none.", "E"),
        ("The correct answer would be river bank", "A"),
        ("Answer: D) bank", "D"),
        ("C", "C"),
        ("(b)", "B"),
        ("It is a long story. We are left with 2/5", "B"),
        ("That leaves 5 of them.", "C"),
        ("Option A is wrong. It must be option D.", "D"),
        ("\\boxed{\\text{B}}", "B"),
        ("A lot of people say so.", None),
        ("So the correct answers are A) river bank and E) none of these.", None),
        ("So the correct answer is:\n\nA) river bank\nD) bank", None),
        ("The answer is not A, B or C, but D) bank.", "D"),
        ("This leaves option D, bank, which is the correct answer. Banks hold money.", "D"),
        ('The most likely answer to the question "Where is it?" is D) bank. It is not E.', "D"),
        ("E) none of these\n\nNothing else was said about it.", "E"),
        ("That would be 5 or none of these.", None),
        ("The best answer is D) bank. The answer is rather vague.", "D"),
        ("What is seen is D) bank. It holds a lot of money for people.", "D"),
        ("", None),
    ],
)
def test_choices_in_any_dress(text: str, expected: str | None) -> None:
    assert extract_answer(text, "choice", OPTIONS) == expected


@pytest.mark.parametrize(
    ("text", "choices", "expected"),
    [
        ("The answer is True.", None, "True"),
        ("No", None, "False"),
        ("No, he could not. Thus yes.", None, "True"),
        ("So this is false.", None, "False"),
        ("There is no doubt about anything.", None, None),
        ("B) False", ("True", "False"), "False"),
        ("A", ("True", "False"), "True"),
        ("A", None, None),
        ("So, the answer could be either A) True or B) False.", ("True", "False"), None),
        ("The answer is not a simple true or false.", None, None),
        ("So, the answer to your question is probably no.", None, "False"),
        ("A) True\n\nIt was long ago.", ("True", "False"), "True"),
    ],
)
def test_booleans(text: str, choices: tuple[str, ...] | None, expected: str | None) -> None:
    assert extract_answer(text, "boolean", choices) == expected


@pytest.mark.parametrize(
    ("text", "gold", "expected"),
    [
        ("The answer is $\\frac{1}{2}$.", "\\dfrac12", True),
        ("So the answer to this question is there are 256 such integers.", "256", True),
        ("So the answer to this question is $\\dbinom{1001}{2}=500,500$.", "500500", True),
        ("Thus, the answer is:\n\\[\n\\boxed{-3969}\n\\]", "-3969", True),
        ("The value is \\(\\boxed{10000}\\).", "10{,}000", True),
        ("x = 6", "6", True),
        ("So the answer to this question is the size of $5-12i$ is 13.", "13", True),
        ("There is one left.\nThe number is 3.", "3", True),
        ("$\\boxed{1}$ and $\\boxed{-2}$.", "1, -2", True),
        ("First \\boxed{200} of them. The final answer is $10,455$.", "10455", True),
        ("x^2 + 2*x + 1", "x^2+2x+1", True),
        ("It is \\boxed{3}. This confirms that our answer is correct.", "3", True),
        ("The answer is Friday.", "Friday", True),
        ("Thus $x <= 2$ is our answer.", "x \\leq 2", True),
        ("The answer is 0.167", "\\frac{1}{6}", False),
        ("The answer is $x$", "y", False),
    ],
)
def test_expressions(text: str, gold: str, expected: bool) -> None:
    found = extract_answer(text, "latex", None)
    assert found is not None
    assert answers_equal(found, gold, "latex") is expected


@pytest.mark.parametrize(
    ("gold", "expected"), [("B", "B"), ("(b)", "B"), ("river bank", "A"), ("2/5", "B"), ("F", None)]
)
def test_a_gold_choice_is_a_letter_or_an_option(gold: str, expected: str | None) -> None:
    assert canonical_answer(gold, "choice", OPTIONS) == expected


PIECES = st.sampled_from(
    [
        "The answer is",
        "answer:",
        "\\boxed{",
        "}",
        "####",
        "(B)",
        "12",
        "1/2",
        "$",
        "\\(",
        "\\)",
        "\n",
        "true",
        "no,",
        "=",
        ".",
    ]
)


def balanced(text: str) -> bool:
    depth = [0]
    for character in text:
        depth.append(depth[-1] + (character == "{") - (character == "}"))
    return min(depth) == 0 == depth[-1] and "box" not in text


@given(st.lists(PIECES | st.text(max_size=5), max_size=12), st.sampled_from(["number", "choice", "boolean", "latex"]))
def test_no_text_breaks_the_extractors(pieces: list[str], kind: str) -> None:
    """Same text, same answer; and an extracted answer that is stated again is extracted again."""
    text = " ".join(pieces)
    found = extract_answer(text, kind, OPTIONS if kind == "choice" else None)
    assert found == extract_answer(text, kind, OPTIONS if kind == "choice" else None)
    if found is not None and kind == "latex" and balanced(found):
        assert extract_answer(f"So it is \\boxed{{{found}}}.", kind, None) == found.strip()
    if found is not None and kind != "latex":
        assert extract_answer(f"The answer is {found}.", kind, OPTIONS if kind == "choice" else None) == found
