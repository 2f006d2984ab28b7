"""Grading: one text against one gold answer, by the paper's rules and by ours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gradus.answers import answers_compared, extract_answer
from gradus.answers.equivalence import decide_ahead
from gradus.answers.strict import strict_answer, strict_equal
from gradus.records.vocabulary import AnswerKind, Failure

KINDS: dict[str, AnswerKind] = {
    "gradeschool": "number",
    "svamp": "number",
    "gsm8k": "number",
    "aqua": "choice",
    "math": "latex",
    "csqa": "choice",
    "obqa": "choice",
    "strategyqa": "boolean",
}
NEAREST: dict[AnswerKind, str] = {"number": "gsm8k", "choice": "csqa", "boolean": "strategyqa", "latex": "math"}


@dataclass(frozen=True)
class Grade:
    """Whether a text is right by either rules.

    ``failure``: why ours read nothing (``empty``, ``no answer``), or that nobody could compare it in time (``timeout``).
    """

    strict: bool
    robust: bool
    extracted: str | None
    failure: Failure | None


@dataclass(frozen=True)
class Question:
    """What grading needs of a problem; ``gold`` is canonical."""

    id: str
    gold: str
    choices: tuple[str, ...] | None


def grade(text: str, question: Question, dataset: str, kind: AnswerKind | None = None) -> Grade:
    """One text against its question; ``kind`` of the answer where the dataset is none of the known ones.

    The paper's rules go by datasets; one that it does not have is read like the nearest of its kind, free text by ours.
    """
    kind = kind or KINDS[dataset]
    extracted = extract_answer(text, kind, question.choices)
    compared = extracted is not None and answers_compared(extracted, question.gold, kind)
    rules = dataset if KINDS.get(dataset) == kind else NEAREST.get(kind)
    strict = bool(compared) if rules is None else strict_equal(strict_answer(text, rules), question.gold, rules)
    failure: Failure | None = "timeout" if compared is None else None
    if extracted is None:
        failure = "no answer" if text.strip() else "empty"
    return Grade(strict, bool(compared), extracted, failure)


def compare_ahead(texts: Iterable[tuple[str, Question]]) -> None:
    """Compare the expressions of many texts with their gold ones on all cores, before ``grade`` asks for each."""
    read = ((extract_answer(text, "latex", None), question.gold) for text, question in texts)
    decide_ahead((extracted, gold) for extracted, gold in read if extracted is not None)
