"""Selecting: some of the problems, by a criterion or at random (arXiv 2508.09883, 2502.03387: few, well chosen)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean

from gradus.records import Annotation, Problem, Supervision
from gradus.runtime.errors import UserError
from gradus.study.config.transforms import SelectedTransform
from gradus.teachers.transforms.chances import number
from gradus.teachers.transforms.drawn import by_problem
from gradus.teachers.transforms.mixed import solution_steps
from gradus.teachers.transforms.scores import Scores, score_of


class Selected:
    """Exactly ``n`` problems, all samples of each; a smaller number is part of a larger one."""

    def __init__(self, section: SelectedTransform, scores: Scores | None = None) -> None:
        self._section, self._scores = section, scores or {}

    def apply(
        self,
        supervision: Supervision,
        problems: Sequence[Problem],
        sources: Sequence[Sequence[Annotation]],
        count_tokens: Callable[[str], int],
    ) -> list[Annotation]:
        section, rows = self._section, by_problem(sources[0])
        annotated = {problem.id: problem for problem in problems if problem.id in rows}
        if section.by == "difficulty":
            annotated = {name: one for name, one in annotated.items() if solution_steps(one) is not None}
        if len(annotated) < section.n:
            asked = " and a solution whose steps can be counted" if section.by == "difficulty" else ""
            raise UserError(
                f"{section.n} problems are to be selected of {supervision.dataset}, and {len(annotated)} have an annotation "
                f"that is trained on{asked}",
                hint="lower n, take more problems, or keep more verdicts (verdict_policy)",
            )
        chosen = set(self._order(annotated, rows)[: section.n])
        return [replace(row, format=supervision.format) for row in sources[0] if row.problem_id in chosen]

    def _order(self, problems: Mapping[str, Problem], rows: Mapping[str, Sequence[Annotation]]) -> list[str]:
        section = self._section
        order = sorted(problems, key=lambda name: (number(section.seed, name), name))
        if section.by == "random":
            return order
        if section.by == "diversity":
            return _apart({name: _words(problems[name]) for name in order}, section.n)
        sign = -1 if section.order == "highest" else 1
        return sorted(order, key=lambda name: sign * self._measure(problems[name], rows[name]))

    def _measure(self, problem: Problem, rows: Sequence[Annotation]) -> float:
        if self._section.by == "difficulty":
            return float(solution_steps(problem) or 0)
        if self._section.by == "loss":
            return fmean(score_of(self._scores, row).mean_loss for row in rows)
        return fmean(len(row.rationale.split()) for row in rows)


def _words(problem: Problem) -> frozenset[str]:
    """The words of a question, numbers aside."""
    return frozenset(re.findall(r"[^\W\d_]+", problem.full_text.lower()))


def _apart(words: Mapping[str, frozenset[str]], n: int) -> list[str]:
    """The first name, then each time the one whose nearest chosen one is furthest (Jaccard distance of the words)."""
    waiting = dict.fromkeys(words, 2.0)
    order: list[str] = []
    while waiting and len(order) < n:
        name = max(waiting, key=waiting.__getitem__)  # of equals the first
        order.append(name)
        del waiting[name]
        mine = words[name]
        for other, nearest in waiting.items():
            theirs = words[other]
            distance = 1 - len(mine & theirs) / max(1, len(mine | theirs))
            if distance < nearest:
                waiting[other] = distance
    return order
