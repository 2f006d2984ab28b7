"""Comparing wordings: the normalised form of a text, and how much two texts share."""

from __future__ import annotations

import re


def normalised(text: str) -> str:
    """Lower-case letters and digits only: the form in which questions are compared."""
    return re.sub(r"[^0-9a-z]+", " ", text.lower()).strip()


def ngrams(text: str, n: int) -> frozenset[tuple[str, ...]]:
    """The word n-grams of a normalised text (all its words as one gram where it is shorter)."""
    words = normalised(text).split()
    if len(words) <= n:
        return frozenset([tuple(words)])
    return frozenset(tuple(words[start : start + n]) for start in range(len(words) - n + 1))
