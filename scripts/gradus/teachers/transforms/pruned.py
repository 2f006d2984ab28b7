"""Pruning: rationales without their least important steps or words (arXiv 2606.21704, 2505.14582).

The order of what stays is kept. One step or word stays at least, but by type, where a text may be nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from gradus.records import Annotation, Problem, Supervision
from gradus.study.config.transforms import PrunedTransform
from gradus.teachers.transforms.chances import number, part
from gradus.teachers.transforms.scores import Scores, entropies, losses, score_of
from gradus.teachers.transforms.steps import join, split_steps, split_words, step_type

_SYMBOL = re.compile(r"\d|[+*/=×÷^<>%\\]|(?<![A-Za-z])-(?![A-Za-z])")


class Pruned:
    """Ranks the pieces of each text by importance and keeps the first share of them."""

    def __init__(self, section: PrunedTransform, scores: Scores | None = None) -> None:
        self._section, self._scores = section, scores or {}

    def apply(
        self,
        supervision: Supervision,
        problems: Sequence[Problem],
        sources: Sequence[Sequence[Annotation]],
        count_tokens: Callable[[str], int],
    ) -> list[Annotation]:
        return [replace(row, rationale=self._pruned(row), format=supervision.format) for row in sources[0]]

    def _pruned(self, row: Annotation) -> str:
        section = self._section
        pieces = split_steps(row.rationale) if section.unit == "steps" else split_words(row.rationale)
        if section.keep is None:
            return join([piece for piece in pieces if step_type(piece) not in section.types])
        measured = self._measured(row, pieces)
        ranked = sorted(range(len(pieces)), key=lambda index: self._rank(row, pieces, index, measured))
        kept = sorted(ranked[: max(1, part(section.keep, len(pieces)))])
        return join([pieces[index] for index in kept])

    def _measured(self, row: Annotation, pieces: Sequence[str]) -> Sequence[float]:
        """The importance of each piece, where something is measured."""
        by = self._section.by
        if by in ("loss", "entropy"):
            measure = losses if by == "loss" else entropies
            return measure(score_of(self._scores, row), pieces)
        return [_symbols(piece) if by == "symbols" else 0.0 for piece in pieces]

    def _rank(
        self, row: Annotation, pieces: Sequence[str], index: int, measured: Sequence[float]
    ) -> tuple[float, float]:
        """What is important comes first; among equals a seeded draw decides."""
        section, last = self._section, len(pieces) - 1
        chance = number(section.seed, row.problem_id, row.sample, index)
        if section.by == "position":
            distance = {"start": index, "end": last - index, "ends": min(index, last - index)}[section.side]
            return (distance, index)
        return (-measured[index], chance)


def _symbols(piece: str) -> float:
    """Digits and operators per character."""
    return len(_SYMBOL.findall(piece)) / max(1, len(piece.strip()))
