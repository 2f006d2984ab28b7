"""Traits of a supervision's texts: length, diversity, complexity, each one number."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean

# Diversity falls with the amount of text, so it is measured on as much text of each supervision.
_WORDS = 5_000
_SENTENCE = re.compile(r"[^.!?\n]*[^\W_][^.!?\n]*(?:\.\d[^.!?\n]*)*")
# A hyphen or slash between letters is no sign.
_OPERATOR = re.compile(
    r"(?<=[\w)\]}$%.])\s*(?:[+*×÷^=]|\\times|\\div|\\cdot)\s*(?=[\w(\[{$\\.-])|(?<=[\d)\]}])\s*[-/]\s*(?=[\w(\\$])"
)


def text_traits(texts: Sequence[str]) -> dict[str, float]:
    """Mean words, steps (sentences or lines) and operators of a text; distinct bigrams and compressed size of a sample.

    ``distinct_2`` is the share of different word pairs (Li et al. 2016), ``compression`` the compressed share of the bytes:
    higher is more diverse. Both are measured on the first 5,000 words of the texts, in an order that depends on the texts
    alone. Empty where there is no text.
    """
    written = [text for text in texts if text.strip()]
    if not written:
        return {}
    sample: list[str] = []
    pairs: list[tuple[str, str]] = []
    for text in sorted(written, key=lambda text: hashlib.sha256(text.encode("utf-8")).digest()):
        words = text.lower().split()[: _WORDS - len(sample)]
        sample += words
        pairs += pairwise(words)
        if len(sample) >= _WORDS:
            break
    joined = " ".join(sample).encode("utf-8")
    return {
        "words": round(fmean(len(text.split()) for text in written), 3),
        "steps": round(fmean(len(_SENTENCE.findall(text)) for text in written), 3),
        "operators": round(fmean(len(_OPERATOR.findall(text)) for text in written), 3),
        "distinct_2": round(len(set(pairs)) / len(pairs), 4) if pairs else 0.0,
        "compression": round(len(zlib.compress(joined, 9)) / len(joined), 4),
    }
