"""Mixing: each problem from one of several supervisions, by its solution steps or by shares (arXiv 2502.12143)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from gradus.records import Annotation, Problem, Supervision
from gradus.runtime.errors import UserError
from gradus.study.config.transforms import MixedTransform
from gradus.teachers.transforms.chances import in_drawn_order, part


class Mixed:
    """Takes each problem's annotations from the supervision that it is given."""

    def __init__(self, section: MixedTransform) -> None:
        self._section = section

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
        given = self._by_shares(problems, rows) if self._section.takes_shares else self._by_steps(problems)
        return [
            replace(row, teacher=supervision.teacher, format=supervision.format, level=supervision.level)
            for problem in problems
            for row in rows.get((problem.id, given.get(problem.id, "")), [])
        ]

    def _by_steps(self, problems: Sequence[Problem]) -> dict[str, str]:
        levels = {int(steps): level for steps, level in (self._section.levels or {}).items()}
        otherwise = self._section.otherwise or ""
        return {problem.id: levels.get(solution_steps(problem) or -1, otherwise) for problem in problems}

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


def solution_steps(problem: Problem) -> int | None:
    """Steps of the solution: of its graph, else the equations or sentences of the author's rationale; None without one."""
    if problem.solution is not None:
        return len(problem.solution["steps"])
    if not problem.rationale:
        return None
    equations = len(re.findall(r"(?<![<>=!])=(?!=)", problem.rationale))
    return equations or len([part for part in re.split(r"[.!?\n]+\s*", problem.rationale) if part.strip()])
