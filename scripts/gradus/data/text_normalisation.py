"""Comparing wordings: the normalised form of a text, and how much two texts share."""

from __future__ import annotations

import re

# Chinese and Japanese write no spaces: each of their characters is compared as a word.
_WORD_SIGNS = re.compile("([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])")


def normalised(text: str) -> str:
    """Lower-case letters and digits only: the form in which questions are compared.

    Of texts in another script their own letters; of texts in Latin ones a to z alone.
    """
    lower = text.lower()
    latin = re.sub(r"[^0-9a-z]+", " ", lower).strip()
    if lower.isascii() or 2 * sum(map(str.isalpha, latin)) > sum(map(str.isalpha, lower)):
        return latin
    return " ".join(re.sub(r"[\W_]+", " ", _WORD_SIGNS.sub(r" \1 ", lower)).split())


def ngrams(text: str, n: int) -> frozenset[tuple[str, ...]]:
    """The word n-grams of a normalised text (all its words as one gram where it is shorter)."""
    words = normalised(text).split()
    if len(words) <= n:
        return frozenset([tuple(words)])
    return frozenset(tuple(words[start : start + n]) for start in range(len(words) - n + 1))
