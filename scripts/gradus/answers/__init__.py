"""Answers in text: reading the final answer of a rationale by its kind, and comparing it with gold.

The kinds are those of ``Problem.answer_kind``: number, choice, boolean, latex, text. Nothing is ever evaluated.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradus.answers.boolean import canonical_boolean, extract_boolean
from gradus.answers.choice import canonical_choice, extract_choice
from gradus.answers.ending import ending
from gradus.answers.equivalence import equivalent
from gradus.answers.free_text import extract_text, texts_equal
from gradus.answers.latex import extract_latex
from gradus.answers.number import canonical_number, extract_number, numbers_equal, numbers_in
from gradus.answers.stated import before_last_statement

__all__ = [
    "answers_compared",
    "answers_equal",
    "canonical_answer",
    "canonical_boolean",
    "canonical_number",
    "extract_answer",
    "extract_choice",
    "extract_number",
    "numbers_in",
    "split_answer",
]


def extract_answer(text: str, kind: str, choices: Sequence[str] | None) -> str | None:
    """The final answer of a text, in the canonical spelling of its kind; None where there is none."""
    text = ending(text)
    if kind == "number":
        return extract_number(text)
    if kind == "choice":
        return extract_choice(text, choices or ())
    if kind == "boolean":
        return extract_boolean(text, choices or ())
    if kind == "text":
        return extract_text(text)
    return extract_latex(text)


def canonical_answer(text: str, kind: str, choices: Sequence[str] | None) -> str | None:
    """A gold answer in the canonical spelling of its kind; None where it is no such answer."""
    if kind == "number":
        return canonical_number(text)
    if kind == "choice":
        return canonical_choice(text, choices or ())
    if kind == "boolean":
        return canonical_boolean(text)
    return text.strip() or None


def answers_equal(left: str, right: str, kind: str) -> bool:
    """Whether two answers of a kind mean the same; what could not be decided in time is not the same."""
    return bool(answers_compared(left, right, kind))


def answers_compared(left: str, right: str, kind: str) -> bool | None:
    """The same, with None for what could not be decided in time (expressions only)."""
    if kind == "number":
        return numbers_equal(left, right)
    if kind == "text":
        return texts_equal(left, right)
    return left == right if kind in ("choice", "boolean") else equivalent(left, right)


def split_answer(text: str, kind: str, choices: Sequence[str] | None) -> tuple[str, str | None]:
    """A response as (rationale without the answer sentence, canonical answer or None)."""
    return before_last_statement(text), extract_answer(text, kind, choices)
