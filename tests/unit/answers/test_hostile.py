"""Texts of 100 kB that loop: every extractor reads them in one pass; quadratic reading took minutes of the same texts."""

import time

import pytest

from gradus.answers import extract_answer
from gradus.answers.strict import strict_answer

UNITS = [
    "\\boxed{",
    "\\boxed{1",
    "}\\boxed{",
    "$",
    "$$ x ",
    "\\( x ",
    "\\[ x ",
    "The answer is ",
    "The answer is not sure. ",
    "The answer is 3, ",
    "answer" + " " * 40,
    "#### ",
    "1,",
    "1/",
    "1 ",
    "7",
    "\\frac",
    "\\frac{1",
    "\\text{ ",
    "{",
    "(A) (B) (C) ",
    "option ",
    "A",
    "A, ",
    "not ",
    "yes ",
    "}]yes\\times",
    ",\\neqtrue(true",
    "true or false ",
    "\n",
    " ",
    "**",
    "<think>",
    "</think>",
    "<answer>",
    "<answer>3",
    "<|im_start|>user",
    "\nQuestion: ",
    "Wait, ",
    "i.e. ",
    "seventy ",
    "=",
    "x = ",
    "\u7b54\u6848",
    "Antwort: ",
    " \n",
    " \n\t",
    "~~a",
    "Wait, it is ",
    ". No, it ",
    "probably not ",
    "three and ",
    "thousand, ",
    "1\\frac12",
    "{5\\over5",
    "5% of ",
    "\\text{ and }1",
    "\\sin 30^\\circ",
    "x<=y",
    'choice"',
]
CHOICES = ("river bank", "2/5", "5", "bank", "none of these")


def read_all(text: str) -> None:
    for kind in ("number", "choice", "boolean", "latex", "text"):
        extract_answer(text, kind, CHOICES if kind == "choice" else None)
    for dataset in ("gsm8k", "aqua", "math", "csqa"):
        strict_answer(text, dataset)


@pytest.mark.parametrize("unit", UNITS)
def test_a_looping_text_is_read_in_one_pass(unit: str) -> None:
    """Processor time, all kinds and both rules together, twice: quadratic reading took minutes."""
    text = (unit * (100_000 // len(unit) + 1))[:100_000]
    began = time.process_time()
    read_all(text)
    read_all("So it is 5. " + text + "\\boxed{5}}")
    assert time.process_time() - began < 4.0


def test_boxes_within_boxes_are_not_copied_again_and_again() -> None:
    read_all("\\boxed{" * 7000 + "5" + "}" * 7000)


@pytest.mark.parametrize("unit", ["**", "*", "A* ", "(* "])
def test_marks_before_a_letter_are_read_once(unit: str) -> None:
    """Each mark began a search to the end of all of them: 3 s of processor time for 100 kB, and 1000 s for 2 MB."""
    text = (unit * 1_000_000)[:1_000_000]
    began = time.process_time()
    extract_answer(text, "choice", CHOICES)
    assert time.process_time() - began < 10.0
