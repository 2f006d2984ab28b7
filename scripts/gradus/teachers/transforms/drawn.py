"""Drawing: some of the samples that were bought for each problem (arXiv 2506.04178 asks how many are worth it)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from gradus.records import Annotation, Problem, Supervision
from gradus.study.config.transforms import BestOfTransform, DrawnTransform
from gradus.teachers.transforms.chances import in_drawn_order
from gradus.teachers.transforms.scores import Scores, score_of


class Drawn:
    """A draw of ``per_problem`` samples; a smaller number is part of a larger one."""

    def __init__(self, section: DrawnTransform) -> None:
        self._section = section

    def apply(
        self,
        supervision: Supervision,
        problems: Sequence[Problem],
        sources: Sequence[Sequence[Annotation]],
        count_tokens: Callable[[str], int],
    ) -> list[Annotation]:
        chosen: set[str] = set()
        for identifier, rows in by_problem(sources[0]).items():
            order = in_drawn_order(rows, lambda row: row.sample, self._section.seed, identifier)
            chosen |= {row.key for row in order[: self._section.per_problem]}
        return [replace(row, format=supervision.format) for row in sources[0] if row.key in chosen]


class BestOf:
    """The first, shortest, longest or likeliest of the samples; of equals the first."""

    def __init__(self, section: BestOfTransform, scores: Scores | None = None) -> None:
        self._section, self._scores = section, scores or {}

    def apply(
        self,
        supervision: Supervision,
        problems: Sequence[Problem],
        sources: Sequence[Sequence[Annotation]],
        count_tokens: Callable[[str], int],
    ) -> list[Annotation]:
        section = self._section

        def rank(row: Annotation) -> tuple[float, int]:
            if section.by == "loss":
                return (score_of(self._scores, row).mean_loss, row.sample)
            sign = {"first": 0, "shortest": 1, "longest": -1}[section.by]
            return (sign * count_tokens(row.rationale) if sign else 0, row.sample)

        considered = [row for row in sources[0] if section.n is None or row.sample < section.n]
        best = {min(rows, key=rank).key for rows in by_problem(considered).values()}
        return [replace(row, format=supervision.format) for row in considered if row.key in best]


def by_problem(rows: Sequence[Annotation]) -> dict[str, list[Annotation]]:
    """The rows of each problem, in their order."""
    found: dict[str, list[Annotation]] = {}
    for row in rows:
        found.setdefault(row.problem_id, []).append(row)
    return found
