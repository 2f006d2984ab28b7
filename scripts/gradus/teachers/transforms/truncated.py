"""Truncating: the first share of a rationale (the first half keeps most of what a whole one teaches: arXiv 2512.21002)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from gradus.records import Annotation, Problem, Supervision
from gradus.study.config.transforms import TruncatedTransform
from gradus.teachers.transforms.chances import part
from gradus.teachers.transforms.steps import join, split_steps, split_words


class Truncated:
    """One word or step stays at least, so that a short text does not become a bare answer."""

    def __init__(self, section: TruncatedTransform) -> None:
        self._section = section

    def apply(
        self,
        supervision: Supervision,
        problems: Sequence[Problem],
        sources: Sequence[Sequence[Annotation]],
        count_tokens: Callable[[str], int],
    ) -> list[Annotation]:
        cut = self._first_steps if self._section.unit == "steps" else self._first_tokens
        return [
            replace(row, rationale=cut(row.rationale, count_tokens), format=supervision.format) for row in sources[0]
        ]

    def _first_steps(self, text: str, count_tokens: Callable[[str], int]) -> str:
        steps = split_steps(text)
        return join(steps[: max(1, part(self._section.share, len(steps)))])

    def _first_tokens(self, text: str, count_tokens: Callable[[str], int]) -> str:
        """As many whole words as the share of the text's tokens holds."""
        words, allowed = split_words(text), self._section.share * count_tokens(text) + 1e-9
        low, high = 1, len(words)
        while low < high:
            middle = (low + high + 1) // 2
            fits = count_tokens(join(words[:middle])) <= allowed
            low, high = (middle, high) if fits else (low, middle - 1)
        return join(words[:low])
