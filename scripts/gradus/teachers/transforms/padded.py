"""Padding: the text of a low level, lengthened to the token length of a higher one (Chen et al. 2025, Appendix F).

It separates what a longer text teaches from its mere length. The neutral filler says nothing about the problem: no number, no
letter of a choice, no true or false. The paper's own variant repeats the rationale.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace

from gradus.records import Annotation, Problem, Supervision
from gradus.study.config.transforms import PaddedTransform

NEUTRAL = (
    "Let us go on carefully.",
    "We take our time with this.",
    "It helps to keep the question in mind.",
    "We write down what we do.",
    "Every step should follow from what came before.",
    "This is how we proceed.",
    "We keep the work tidy.",
    "It is good to think calmly here.",
)


class Padded:
    """``{level}`` is the source level, its entry's ``target`` the one whose length is reached."""

    def __init__(self, section: PaddedTransform) -> None:
        self._repeats = section.filler == "repeat"

    def apply(
        self,
        supervision: Supervision,
        problems: Sequence[Problem],
        sources: Sequence[Sequence[Annotation]],
        count_tokens: Callable[[str], int],
    ) -> list[Annotation]:
        targets = {(row.problem_id, row.sample): row.rationale for row in sources[1]}
        padded = []
        for row in sources[0]:
            target = targets.get((row.problem_id, row.sample))
            wanted = 0 if target is None else count_tokens(target)
            text = self._pad(row, wanted, count_tokens)
            padded.append(replace(row, rationale=text, format=supervision.format, level=supervision.level))
        return padded

    def _pad(self, row: Annotation, wanted: int, count_tokens: Callable[[str], int]) -> str:
        """Whole filler words are added until one more would pass the wanted length."""
        if count_tokens(row.rationale) >= wanted or not row.rationale:
            return row.rationale
        words = row.rationale.split() if self._repeats else _neutral_words(row.problem_id, wanted)
        while self._repeats and len(words) < wanted:
            words = words + row.rationale.split()
        low, high = 0, len(words)
        while low < high:  # the largest number of words that fits
            middle = (low + high + 1) // 2
            fits = count_tokens(f"{row.rationale} {' '.join(words[:middle])}") <= wanted
            low, high = (middle, high) if fits else (low, middle - 1)
        return f"{row.rationale} {' '.join(words[:low])}".rstrip()


def _neutral_words(seed: str, at_least: int) -> list[str]:
    """Filler in an order that depends on the problem alone."""
    start = hashlib.sha256(seed.encode()).digest()[0]
    words: list[str] = []
    turn = start
    while len(words) < at_least:
        words += NEUTRAL[turn % len(NEUTRAL)].split()
        turn += 1
    return words
