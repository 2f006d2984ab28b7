"""Answers in text: known cases, and properties that any text must keep."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradus.answers import answers_equal, canonical_number, extract_number, split_answer


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
