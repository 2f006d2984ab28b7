"""Mixing: each problem from one of several supervisions, by its solution steps, by shares (arXiv 2502.12143), or by how often
a student solves it: short rationales for what it can do, long ones for what it cannot (ACoTD, Mathematics 13(22), 3646)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean

from gradus.records import Annotation, Problem, Scored, Supervision
from gradus.runtime.errors import UserError
from gradus.study.config.transforms import MixedTransform
from gradus.teachers.transforms.chances import in_drawn_order, part


class Mixed:
    """Takes each problem's annotations from the supervision that it is given."""

    def __init__(self, section: MixedTransform, solved: Mapping[str, float] | None = None) -> None:
        self._section, self._solved = section, solved or {}

    def apply(
        self,
        supervision: Supervision,
        problems: Sequence[Problem],
        sources: Sequence[Sequence[Annotation]],
        count_tokens: Callable[[str], int],
    ) -> list[Annotation]:
        rows: dict[tuple[str, str], list[Annotation]] = {}
        for name, annotated in zip(self._section.used(), sources, strict=True):
            for row in annotated:
                rows.setdefault((row.problem_id, name), []).append(row)
        if self._section.takes_shares:
            given = self._by_shares(problems, rows)
        else:
            given = self._by_steps(problems) if self._section.rates is None else self._by_pass_rate(problems)
        return [
            replace(row, teacher=supervision.teacher, format=supervision.format, level=supervision.level)
            for problem in problems
            for row in rows.get((problem.id, given.get(problem.id, "")), [])
        ]

    def _by_steps(self, problems: Sequence[Problem]) -> dict[str, str]:
        levels = {int(steps): level for steps, level in (self._section.levels or {}).items()}
        otherwise = self._section.otherwise or ""
        return {problem.id: levels.get(solution_steps(problem) or -1, otherwise) for problem in problems}

    def _by_pass_rate(self, problems: Sequence[Problem]) -> dict[str, str]:
        """The name at the highest share that a problem's pass rate reaches."""
        steps = sorted((float(share), name) for share, name in (self._section.rates or {}).items())
        absent = next((problem.id for problem in problems if problem.id not in self._solved), None)
        if absent is not None:
            raise UserError(f"nobody was asked the training problem {absent!r}", hint="delete the scores and run again")
        return {
            problem.id: next(
                (name for share, name in reversed(steps) if self._solved[problem.id] >= share - 1e-9),
                self._section.otherwise or "",
            )
            for problem in problems
        }

    def _by_shares(self, problems: Sequence[Problem], rows: dict[tuple[str, str], list[Annotation]]) -> dict[str, str]:
        """Shares of the problems that every supervision has: exact to one, and nested where one share grows."""
        used, shares = self._section.used(), self._section.shares or {}
        had = [problem.id for problem in problems if all((problem.id, name) in rows for name in used)]
        if not had:
            raise UserError(f"no problem has an annotation that is trained on in each of {', '.join(used)}")
        order = in_drawn_order(had, str, self._section.seed)
        given: dict[str, str] = {}
        total, start = 0.0, 0
        for name in sorted(shares):
            total += shares[name]
            end = part(total, len(order))
            given |= dict.fromkeys(order[start:end], name)
            start = end
        return given | dict.fromkeys(order[start:], self._section.otherwise or "")


def pass_rates(rows: Iterable[Scored]) -> dict[str, float]:
    """The share of a student's answers to each problem that are right, by the problem's id."""
    found: dict[str, list[bool]] = {}
    for row in rows:
        found.setdefault(row.problem_id, []).append(row.correct)
    return {name: fmean(right) for name, right in found.items()}


def solution_steps(problem: Problem) -> int | None:
    """Steps of the solution: of its graph, else the equations or sentences of the author's rationale; None without one."""
    if problem.solution is not None:
        return len(problem.solution["steps"])
    if not problem.rationale:
        return None
    equations = len(re.findall(r"(?<![<>=!])=(?!=)", problem.rationale))
    return equations or len([part for part in re.split(r"[.!?\n]+\s*", problem.rationale) if part.strip()])
