"""Wrong answers: another answer of the same kind as the right one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation

from gradus.answers import answers_equal
from gradus.records import Problem
from gradus.records.vocabulary import LETTERS
from gradus.runtime.errors import UserError
from gradus.teachers.transforms.chances import in_drawn_order, number


def wrong_answer(problem: Problem, others: Sequence[Problem], seed: int) -> str:
    """A number close by, another letter, the opposite, or another problem's answer where nothing else is known.

    Raises UserError where every answer of the dataset means the same.
    """
    for answer in _candidates(problem, others, seed):
        if not answers_equal(answer, problem.answer, problem.answer_kind):
            return answer
    raise UserError(f"no wrong answer to problem {problem.id!r} was found among the answers of its dataset")


def _candidates(problem: Problem, others: Sequence[Problem], seed: int) -> Iterator[str]:
    if problem.answer_kind == "boolean":
        yield "False" if problem.answer == "True" else "True"
    if problem.answer_kind == "choice" and problem.choices:
        yield from in_drawn_order(LETTERS[: len(problem.choices)], str, seed, problem.id)
    if problem.answer_kind == "number":
        try:
            right = Decimal(problem.answer)
        except InvalidOperation:
            right = None
        if right is not None:
            chance = number(seed, problem.id)
            step = Decimal(1 + chance % 9).scaleb(min(0, int(right.as_tuple().exponent)))
            yield f"{right - step if chance % 2 and right - step >= 0 else right + step:f}"
    start = number(seed, problem.id, "other")
    for turn in range(len(others)):
        yield others[(start + turn) % len(others)].answer
