"""Kinds of text that scorers are known to get wrong, and properties of each kind.

``cases.jsonl`` holds one text a line: remarks after an answer, thoughts, further questions, denials, rejected and several
options, every dress of a letter, values of options, calculations, corrections, spellings of numbers, close expressions.
"""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradus.answers import extract_answer, extract_number
from gradus.evaluation import judge

CASES = [json.loads(line) for line in (Path(__file__).parent / "cases.jsonl").read_text(encoding="utf-8").splitlines()]
OPTIONS = ("bank", "library", "department store", "mall", "new york")
REMARKS = (
    "I hope this answer is helpful!",
    "This answer is consistent with the problem.",
    "Thus, our answer is verified.",
)
FURTHER = (
    "\n\nQuestion: What is 1 + 1?\n#### 2",
    "\nQ: 3?\nA: The answer is 3.",
    "<|im_end|>\n<|im_start|>user\n4?",
    "\n\n### Instruction:\nAdd 5.",
)
THOUGHTS = (
    "<think>The answer is 77.</think>",
    "[THINK]maybe \\boxed{77}[/THINK]",
    "I say 77. The answer is 77.\n</think>\n",
    "<reasoning>77</reasoning>",
)


@pytest.mark.parametrize("dataset", sorted({row["dataset"] for row in CASES}))
def test_every_known_case_is_decided_rightly(dataset: str) -> None:
    wrong = []
    for row in CASES:
        if row["dataset"] == dataset:
            graded = judge(row["text"], row["gold"], dataset=dataset, choices=row["choices"])
            if graded.robust != row["right"]:
                wrong.append((row["text"], row["gold"], graded.extracted))
    assert wrong == []


@given(st.integers(0, 10**9), st.sampled_from(REMARKS), st.sampled_from(FURTHER), st.sampled_from(THOUGHTS))
def test_what_stands_around_a_stated_answer_does_not_change_it(
    value: int, remark: str, further: str, thoughts: str
) -> None:
    for form in (f"The answer is {value}.", f"#### {value}", f"\\boxed{{{value}}}"):
        assert extract_number(form) == str(value)
        for text in (f"{form}\n{remark}", f"{form}{further}", f"{thoughts}{form}"):
            assert extract_answer(text, "number", None) == str(value)


@given(st.integers(1, 10**9), st.sampled_from([",", " ", "'", "_"]))
def test_separators_of_every_locale_are_read(value: int, separator: str) -> None:
    spelled = f"{value:,}".replace(",", separator)
    if separator == " " and spelled.count(" ") == 1 and not spelled.endswith("00"):
        return  # two numbers, perhaps
    assert extract_number(f"The answer is {spelled}.") == str(value)


@given(st.integers(1, 99), st.integers(1, 8))
def test_mixed_numbers_are_one_number(whole: int, part: int) -> None:
    expected = extract_number(f"{9 * whole + part}/9")
    for text in (f"The answer is {whole} {part}/9.", f"${whole}\\frac{{{part}}}{{9}}$", f"{whole} and {part}/9"):
        assert extract_number(text) == expected


DRESSES = [
    "{}",
    "({})",
    "**{}**",
    "`{}`",
    '"{}"',
    "${}$",
    "\\(\\text{{{}}}\\)",
    "\\boxed{{\\mathrm{{{}}}}}",
    "<b>{}</b>",
    "[{}]",
    "\u201c{}\u201d",
]


@given(
    st.sampled_from("ABCDE"),
    st.sampled_from(DRESSES),
    st.sampled_from(["The answer is {}.", "Answer: {}", "{}", "So the best option is {}"]),
)
def test_a_letter_in_any_dress(letter: str, dress: str, form: str) -> None:
    assert extract_answer(form.format(dress.format(letter)), "choice", OPTIONS) == letter


@given(
    st.sampled_from("ABCDE"), st.sampled_from("ABCDE"), st.sampled_from([" and ", " or ", "/", ", ", " & ", "+", "; "])
)
def test_several_letters_are_no_answer(first: str, second: str, joint: str) -> None:
    if first != second:
        assert extract_answer(f"The answer is {first}{joint}{second}.", "choice", OPTIONS) is None


@given(
    st.sampled_from("ABCDE"),
    st.sampled_from(
        ["Option {} is incorrect.", "({}) is wrong.", "The answer is not {}.", "{} cannot be right.", "Not {}."]
    ),
)
def test_a_rejected_letter_is_no_answer(letter: str, form: str) -> None:
    assert extract_answer(form.format(letter), "choice", OPTIONS) is None


@given(st.sampled_from(["true", "false", "yes", "no"]), st.sampled_from(["not {}", "definitely not {}", "far from {}"]))
def test_a_denied_boolean_is_the_other_one(word: str, form: str) -> None:
    said = {"true": "True", "yes": "True", "false": "False", "no": "False"}[word]
    found = extract_answer(f"So the answer is {form.format(word)}.", "boolean", None)
    assert found == ("False" if said == "True" else "True")
