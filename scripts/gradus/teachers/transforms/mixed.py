"""Mixing: the level of each problem chosen by its number of solution steps (a hybrid that the paper leaves open)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from gradus.records import Annotation, Problem, Supervision


class Mixed:
    """Takes each problem's annotation from the level that its number of steps is given."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._teacher = settings["teacher"]
        self._levels = {int(steps): level for steps, level in settings["levels"].items()}
        self._otherwise = settings["otherwise"]

    def _used(self) -> list[str]:
        return sorted({*self._levels.values(), self._otherwise})

    def sources(self, place: Supervision) -> list[Supervision]:
        return [Supervision(place.dataset, self._teacher, "original", level) for level in self._used()]

    def apply(
        self,
        place: Supervision,
        problems: Sequence[Problem],
        sources: Sequence[Sequence[Annotation]],
        count_tokens: Callable[[str], int],
    ) -> list[Annotation]:
        rows: dict[tuple[str, str], list[Annotation]] = {}
        for level, annotated in zip(self._used(), sources, strict=True):
            for row in annotated:
                rows.setdefault((row.problem_id, level), []).append(row)
        mixed = []
        for problem in problems:
            level = self._levels.get(solution_steps(problem) or -1, self._otherwise)
            for row in rows.get((problem.id, level), []):
                mixed.append(replace(row, teacher=place.teacher, format=place.format, level=place.level))
        return mixed


def solution_steps(problem: Problem) -> int | None:
    """Steps of the solution: of its graph, else the equations or sentences of the author's rationale; None without one."""
    if problem.solution is not None:
        return len(problem.solution["steps"])
    if not problem.rationale:
        return None
    equations = len(re.findall(r"(?<![<>=!])=(?!=)", problem.rationale))
    return equations or len([part for part in re.split(r"[.!?\n]+\s*", problem.rationale) if part.strip()])
