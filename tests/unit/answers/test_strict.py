"""The paper's rules, defects and all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradus.answers.strict import strict_answer, strict_equal

DATASETS = ("svamp", "gsm8k", "aqua", "math", "csqa", "obqa", "strategyqa", "gradeschool")


@pytest.mark.parametrize(
    ("dataset", "text", "expected"),
    [
        ("gsm8k", "5 + 7 = 12. The answer is 12.", "12"),
        ("gsm8k", "The answer is 1,200 dollars, not 7.", "1200"),
        ("gsm8k", "He has 3 of 12", "12"),
        ("gsm8k", "The answer is .5", "5"),  # the leading dot is lost
        ("gsm8k", "The answer is 10-2", "10"),
        ("gsm8k", "10-2", "-2"),
        ("gsm8k", "The answer is 4.\n\nThe answer is 9.", "4"),  # only the first paragraph counts
        ("gsm8k", "The answer is unknown", None),
        ("svamp", "The answer is 3/4.", "3/4"),
        ("aqua", "The answer is B.", "B"),
        ("aqua", "It is a tie", "A"),  # the word "a"
        ("aqua", "The answer is 12", None),
        ("math", r"So $x = 3$. The answer is $\boxed{\frac{1}{2}}$.", r"\frac{1}{2}"),
        ("math", "The answer is x = 7", "7"),
        ("math", "there are 14 of them", "14"),
        ("csqa", "The answer is B. The answer is C.", "B"),  # the first, not the last
        ("csqa", "The answer is Because", "B"),  # no word boundary
        ("csqa", "The answer is (B)", None),
        ("csqa", "The answer is: B", None),
        ("obqa", "B", None),  # a bare answer cannot be read
        ("strategyqa", "Thus the answer is True.", "True"),
        ("strategyqa", "True", None),
    ],
)
def test_what_the_rules_read(dataset: str, text: str, expected: str | None) -> None:
    assert strict_answer(text, dataset) == expected


@pytest.mark.parametrize(
    ("dataset", "extracted", "gold", "expected"),
    [
        ("gsm8k", "12", "12", True),
        ("gsm8k", "12.0", "12", True),
        ("gsm8k", None, "12", False),
        ("gsm8k", "1/0", "12", False),
        ("gsm8k", "__import__('os')", "12", False),
        ("aqua", "B", "B", True),
        ("aqua", "b", "B", True),
        ("csqa", "B", "b", False),
        ("math", r"\frac{1}{2}", r"\dfrac{1}{2}", True),
    ],
)
def test_what_counts_as_equal(dataset: str, extracted: str | None, gold: str, expected: bool) -> None:
    assert strict_equal(extracted, gold, dataset) is expected


@given(st.text(max_size=200), st.sampled_from(DATASETS), st.text(max_size=20))
def test_no_text_breaks_them(text: str, dataset: str, gold: str) -> None:
    found = strict_answer(text, dataset)
    assert found is None or found
    assert strict_equal(found, gold, dataset) in (True, False)
