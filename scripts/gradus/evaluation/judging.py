"""Judging: the public function for anybody's texts, light enough to be a reward."""

from __future__ import annotations

from collections.abc import Sequence

from gradus.evaluation.conventions import Conventions, kept
from gradus.evaluation.golds import read_gold
from gradus.evaluation.grading import KINDS, Grade, Question, compare_ahead, grade
from gradus.records.vocabulary import ANSWER_KINDS, LETTERS, AnswerKind
from gradus.runtime.errors import UserError

DEFAULTS = Conventions()
UNKNOWN_OPTIONS = ("",) * len(LETTERS)  # known by their letters alone: nothing says an empty text
Gold = str | int | float | bool
Golds = Gold | Sequence[Gold]


def judge(
    text: str,
    gold: Golds,
    *,
    kind: AnswerKind | None = None,
    dataset: str | None = None,
    choices: Sequence[str] | None = None,
    conventions: Conventions = DEFAULTS,
) -> Grade:
    """Whether a text gives the gold answer, or one of several.

    Say ``kind`` (number, choice, boolean, latex, text) or ``dataset`` (gsm8k, math, ...), which decides the kind and the
    paper's rules for ``strict``. ``gold`` is spelled as datasets spell it: a number, a solution that ends in ``#### 18``, a
    letter or an option's text, true or false, LaTeX. Without ``choices`` an option is known by its letter alone. ``conventions``
    say what counts where that is a matter of taste (``Conventions(tolerance=0.01)``). As a reward: ``float(judge(...).robust)``.

    Raises UserError for a gold answer that is none of its kind: a reward without one would be noise.
    """
    [found] = judge_all([text], [gold], kind=kind, dataset=dataset, choices=[choices], conventions=conventions)
    return found


def judge_all(
    texts: Sequence[str],
    golds: Sequence[Golds],
    *,
    kind: AnswerKind | None = None,
    dataset: str | None = None,
    choices: Sequence[Sequence[str] | None] | None = None,
    conventions: Conventions = DEFAULTS,
) -> list[Grade]:
    """``judge`` for a batch, in its order; expressions are compared on all cores.

    Raises UserError where the numbers of texts, golds and lists of choices differ, and as ``judge`` does.
    """
    chosen, rules = kind_of(kind, dataset)
    options = choices if choices is not None else [None] * len(texts)
    if not len(texts) == len(golds) == len(options):
        raise UserError(f"{len(texts)} texts, {len(golds)} gold answers, {len(options)} lists of choices")
    questions = [questions_of(str(i), one, chosen, options[i]) for i, one in enumerate(golds)]
    return grade_all(list(zip(texts, questions, strict=True)), chosen, rules, conventions)


def kind_of(kind: AnswerKind | None, dataset: str | None) -> tuple[AnswerKind, str]:
    """The kind of answer and the name whose rules are used; UserError for neither, or for a name that nobody knows."""
    name = dataset.lower() if dataset else None
    if kind is not None and kind not in ANSWER_KINDS:
        raise UserError(f"no kind of answer {kind!r}", hint=f"one of {', '.join(ANSWER_KINDS)}")
    if kind is None and name not in KINDS:
        raise UserError(
            f"unknown dataset {dataset!r}" if dataset else "neither a kind of answer nor a dataset",
            hint=f"one of {', '.join(sorted(KINDS))}, or a kind: {', '.join(ANSWER_KINDS)}",
        )
    return kind or KINDS[name or ""], name or ""


def questions_of(
    name: str, golds: Golds, kind: AnswerKind, choices: Sequence[str] | None, where: str | None = None
) -> tuple[Question, ...]:
    """One question for each accepted answer; UserError for an unreadable one."""
    given = [golds] if isinstance(golds, str | int | float) else golds
    if not given:
        raise UserError(f"no gold answer of {name!r}", where=where)
    options = tuple(choices) if choices else UNKNOWN_OPTIONS if kind == "choice" else None
    return tuple(Question(name, read_gold(gold, kind, options, where), options) for gold in given)


def grade_all(
    asked: Sequence[tuple[str, tuple[Question, ...]]],
    kind: AnswerKind,
    rules: str,
    conventions: Conventions = DEFAULTS,
) -> list[Grade]:
    """A grade for every text, with the questions of its accepted answers; the best counts where there are several."""
    if kind == "latex":
        compare_ahead((text, question) for text, questions in asked for question in questions)
    return [
        max(
            (kept(grade(text, question, rules, kind), question, kind, conventions) for question in questions),
            key=lambda found: (found.robust, found.strict),
        )
        for text, questions in asked
    ]
