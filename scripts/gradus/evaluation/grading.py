"""Grading: one text against one gold answer, by the paper's rules and by ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gradus.answers import answers_compared, canonical_answer, extract_answer
from gradus.answers.strict import strict_answer, strict_equal
from gradus.records.vocabulary import AnswerKind, Failure
from gradus.runtime.errors import UserError
from gradus.statistics.intervals import wilson

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
    """What grading needs of anybody's problem; ``gold`` is canonical."""

    id: str
    gold: str
    choices: tuple[str, ...] | None


def read_question(row: dict[str, Any], dataset: str, where: str) -> Question:
    """A problem as its dataset gives it (id, choices or null, answer as text); UserError names what is missing or unreadable."""
    missing = [name for name in ("id", "answer") if not isinstance(row.get(name), str)]
    if missing:
        raise UserError(f"no text under {missing[0]!r}", where=where)
    choices = tuple(row.get("choices") or ()) or None
    kind = KINDS[dataset]
    gold = canonical_answer(row["answer"], kind, choices)
    if gold is None:
        raise UserError(f"{row['answer']!r} is no answer of the kind {kind!r}", where=where)
    return Question(row["id"], gold, choices)


def grade(text: str, question: Question, dataset: str, kind: AnswerKind | None = None) -> Grade:
    """One text against its question; ``kind`` of the answer where the dataset is none of the known ones.

    The paper's rules go by datasets; one that it does not have is read like the nearest of its kind.
    """
    kind = kind or KINDS[dataset]
    rules = dataset if dataset in KINDS else NEAREST[kind]
    extracted = extract_answer(text, kind, question.choices)
    compared = extracted is not None and answers_compared(extracted, question.gold, kind)
    strict = strict_equal(strict_answer(text, rules), question.gold, rules)
    failure: Failure | None = "timeout" if compared is None else None
    if extracted is None:
        failure = "no answer" if text.strip() else "empty"
    return Grade(strict, bool(compared), extracted, failure)


def summary(graded: Sequence[Grade], dataset: str) -> dict[str, Any]:
    """Both accuracies with their Wilson intervals, and how often they and the extraction fail."""
    n = len(graded)
    both = {"strict": sum(one.strict for one in graded), "robust": sum(one.robust for one in graded)}
    facts: dict[str, Any] = {"dataset": dataset, "n": n}
    for name, correct in both.items():
        interval = wilson(correct, n)
        facts |= {
            f"{name}_correct": correct,
            f"{name}_accuracy": interval.value,
            f"{name}_interval_low": interval.low,
            f"{name}_interval_high": interval.high,
        }
    facts["disagreements"] = sum(one.strict != one.robust for one in graded)
    facts["failures"] = dict(sorted(Counter(one.failure for one in graded if one.failure).items()))
    return facts
