"""Mixing: the level of each problem chosen by its number of solution steps (a hybrid that the paper leaves open)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from gradus.records import Annotation, Problem, Supervision
from gradus.study.config.teachers import MixedTransform


class Mixed:
    """Takes each problem's annotation from the level that its number of steps is given."""

    def __init__(self, section: MixedTransform) -> None:
        self._used = section.used_levels()
        self._levels = {int(steps): level for steps, level in section.levels.items()}
        self._otherwise = section.otherwise

    def apply(
        self,
        supervision: Supervision,
        problems: Sequence[Problem],
        sources: Sequence[Sequence[Annotation]],
        count_tokens: Callable[[str], int],
    ) -> list[Annotation]:
        rows: dict[tuple[str, str], list[Annotation]] = {}
        for level, annotated in zip(self._used, sources, strict=True):
            for row in annotated:
                rows.setdefault((row.problem_id, level), []).append(row)
        mixed = []
        for problem in problems:
            level = self._levels.get(solution_steps(problem) or -1, self._otherwise)
            for row in rows.get((problem.id, level), []):
                mixed.append(
                    replace(row, teacher=supervision.teacher, format=supervision.format, level=supervision.level)
                )
        return mixed


def solution_steps(problem: Problem) -> int | None:
    """Steps of the solution: of its graph, else the equations or sentences of the author's rationale; None without one."""
    if problem.solution is not None:
        return len(problem.solution["steps"])
    if not problem.rationale:
        return None
    equations = len(re.findall(r"(?<![<>=!])=(?!=)", problem.rationale))
    return equations or len([part for part in re.split(r"[.!?\n]+\s*", problem.rationale) if part.strip()])
