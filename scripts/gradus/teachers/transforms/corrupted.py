"""Corrupting: what a student learns from rationales with something wrong in them (arXiv 2502.07374, 2512.22255).

Steps in another order, missing or foreign; other digits; or a wrong answer below an untouched rationale.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

from gradus.records import Annotation, Problem, Supervision
from gradus.study.config.transforms import CorruptedTransform
from gradus.teachers.transforms.chances import in_drawn_order, number, part
from gradus.teachers.transforms.steps import join, split_steps
from gradus.teachers.transforms.wrong_answers import wrong_answer


class Corrupted:
    """The same share of every text, or of the answers."""

    def __init__(self, section: CorruptedTransform) -> None:
        self._section = section

    def apply(
        self,
        supervision: Supervision,
        problems: Sequence[Problem],
        sources: Sequence[Sequence[Annotation]],
        count_tokens: Callable[[str], int],
    ) -> list[Annotation]:
        rows = [replace(row, format=supervision.format) for row in sources[0]]
        if self._section.what == "answer":
            return self._with_wrong_answers(rows, problems)
        change: Callable[[Annotation, Sequence[Annotation]], str] = {
            "shuffle": self._shuffled,
            "delete": self._without,
            "insert": self._with_foreign,
            "digits": self._with_other_digits,
        }[self._section.what]
        return [replace(row, rationale=change(row, rows)) for row in rows]

    def _with_wrong_answers(self, rows: Sequence[Annotation], problems: Sequence[Problem]) -> list[Annotation]:
        by_id = {problem.id: problem for problem in problems}
        order = in_drawn_order(range(len(rows)), lambda index: rows[index].key, self._section.seed)
        chosen = set(order[: part(self._section.share, len(rows))])
        wrong = [
            replace(row, answer=wrong_answer(by_id[row.problem_id], problems, self._section.seed), verdict="disagrees")
            if index in chosen
            else row
            for index, row in enumerate(rows)
        ]
        return wrong

    def _chosen(self, row: Annotation, count: int) -> list[int]:
        """The places that are changed, in the order of the draw."""
        order = in_drawn_order(range(count), lambda index: index, self._section.seed, row.problem_id, row.sample)
        return order[: part(self._section.share, count)]

    def _shuffled(self, row: Annotation, rows: Sequence[Annotation]) -> str:
        """The chosen steps each in the place of the next one: none stays where it was; one alone takes a second along."""
        steps = split_steps(row.rationale)
        order = in_drawn_order(range(len(steps)), lambda index: index, self._section.seed, row.problem_id, row.sample)
        count = part(self._section.share, len(steps))
        chosen = order[: max(2, count) if count else 0]
        moved = dict(zip(chosen, [*chosen[1:], *chosen[:1]], strict=True))
        return join([steps[moved.get(index, index)] for index in range(len(steps))])

    def _without(self, row: Annotation, rows: Sequence[Annotation]) -> str:
        """One step stays at least: an empty text is no rationale with a step missing."""
        steps = split_steps(row.rationale)
        gone = set(self._chosen(row, len(steps))[: len(steps) - 1])
        return join([step for index, step in enumerate(steps) if index not in gone])

    def _with_foreign(self, row: Annotation, rows: Sequence[Annotation]) -> str:
        """A step of another problem after each chosen one."""
        steps = split_steps(row.rationale)
        chosen = set(self._chosen(row, len(steps)))
        made: list[str] = []
        split = cache(split_steps)  # one text may lend a step to many places
        for index, step in enumerate(steps):
            made.append(step)
            foreign = self._foreign(row, rows, index, split) if index in chosen else None
            made += [] if foreign is None else [foreign]
        return join(made)

    def _foreign(
        self, row: Annotation, rows: Sequence[Annotation], index: int, split: Callable[[str], list[str]]
    ) -> str | None:
        start = number(self._section.seed, "foreign", row.problem_id, row.sample, index)
        for turn in range(len(rows)):
            other = rows[(start + turn) % len(rows)]
            if other.problem_id != row.problem_id and (steps := split(other.rationale)):
                return steps[start % len(steps)].strip()
        return None

    def _with_other_digits(self, row: Annotation, rows: Sequence[Annotation]) -> str:
        text = list(row.rationale)
        positions = [match.start() for match in re.finditer(r"[0-9]", row.rationale)]
        for index in self._chosen(row, len(positions)):
            position = positions[index]
            starts_number = not (position and text[position - 1] in "0123456789.")
            others = [digit for digit in "0123456789"[starts_number:] if digit != row.rationale[position]]
            text[position] = others[
                number(self._section.seed, row.problem_id, row.sample, index, "digit") % len(others)
            ]
        return "".join(text)
