"""Verdicts on the outputs of files: which problem each answers, and whether it gives its gold answer."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass

from gradus.evaluation.conventions import Conventions
from gradus.evaluation.grading import Grade, Question
from gradus.evaluation.judging import DEFAULTS, grade_all, questions_of
from gradus.records.samples import Sample
from gradus.records.vocabulary import AnswerKind
from gradus.runtime.errors import Mistakes, UserError


@dataclass(frozen=True)
class Asked:
    """A problem: its question as its file tells it, and what grading needs for each accepted answer."""

    text: str | None
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Judged:
    """An output, the problem that it answers, and its grade."""

    sample: Sample
    asked: Asked
    grade: Grade


def problems_by_id(problems: Sequence[Sample], kind: AnswerKind, bad: Mistakes | None = None) -> dict[str, Asked]:
    """The problems of a file; UserError for one without a gold answer of the kind, and for a second one of an id.

    ``bad`` collects these, and the others count.
    """
    found: dict[str, Asked] = {}
    for problem in problems:
        with bad or nullcontext():
            if problem.id in found:
                raise UserError(f"the id {problem.id!r} occurs twice", where=problem.where)
            found[problem.id] = _asked(problem, kind)
    return found


def judged(
    samples: Sequence[Sample],
    problems: dict[str, Asked] | None,
    kind: AnswerKind,
    rules: str,
    conventions: Conventions = DEFAULTS,
    bad: Mistakes | None = None,
) -> list[Judged]:
    """A verdict for every output, in order; without problems the outputs bring their own gold answers.

    Raises UserError for an output without a text, or one whose problem or gold answer nobody knows, and for one id of two
    problems; ``bad`` collects these, and the others are judged.
    """
    asked: list[tuple[Sample, Asked]] = []
    first: dict[tuple[str, str, str], Sample] = {}
    for one in samples:
        with bad or nullcontext():
            if one.text is None:
                raise UserError(
                    f"no text of {one.id!r}: the model failed, options were compared by likelihood, or only verdicts are kept",
                    where=one.where,
                )
            if problems is None:
                known = first.setdefault((one.run, one.task, one.id), one)
                _refuse_another_problem(one, known)
                asked.append((one, _asked(one, kind)))
            elif one.id in problems:
                asked.append((one, problems[one.id]))
            else:
                raise UserError(f"prediction for an unknown problem {one.id!r}", where=one.where)
    grades = grade_all([(one.text or "", known.questions) for one, known in asked], kind, rules, conventions)
    return [Judged(one, known, grade) for (one, known), grade in zip(asked, grades, strict=True)]


def _refuse_another_problem(one: Sample, known: Sample) -> None:
    """Rows of one id are the outputs of one problem; UserError where they say that they are not.

    Options may be shuffled from row to row, and the letter of the gold answer with them.
    """
    golds = known.choices == one.choices and known.golds != one.golds
    if golds or (known.question is not None and one.question is not None and known.question != one.question):
        what = "gold answer" if golds else "question"
        raise UserError(
            f"the id {one.id!r} stands for two problems: another {what} than at {known.where}",
            where=one.where,
            hint="give each its own id, or a task; `--columns id=line` where rows are problems in order",
        )


def _asked(sample: Sample, kind: AnswerKind) -> Asked:
    if not sample.golds:
        hint = "name its column, or give --problems"
        raise UserError(f"no gold answer of {sample.id!r}", where=sample.where, hint=hint)
    return Asked(sample.question, questions_of(sample.id, sample.golds, kind, sample.choices, sample.where))
