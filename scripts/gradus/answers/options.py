"""The texts of options: which of them a text names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from gradus.answers.quantities import plain_numbers
from gradus.records.vocabulary import LETTERS

_TOKEN = re.compile(
    r"(?:(?<![\w)])-)?\d+(?:[./]\d+)*|[a-z0-9]+|[^\W\d_]+|(?<=\b[a-z\d])\s?[-+*/^=<>\u2264\u2265]\s?(?=[a-z(]\b|-?\d)|(?<=\d)\s?[-+*/^]\s?(?=\d|[a-z]\b)"
)
_REJECTED = re.compile(
    r"\b(?:not|rather than|instead of|unlike|cannot be|can t be|isn t|wasn t|aren t|never)"
    r"(?: an?| the| in an?| in the| at an?| at the)?$"
)
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|neither|nor|cannot|without|un\w+|wrong|incorrect|impossible|unlikely)\b|n['\u2019]t\b",
    re.IGNORECASE,
)
_JOINT = re.compile(r" ?(?:and|or|and or|as well as|plus)? ?(?:an? |the )?")


def has_negation(choice: str) -> bool:
    """Whether an option's own text denies something."""
    return bool(_NEGATION.search(choice))


def plain(text: str) -> str:
    """Words and numbers with their signs, fractions and decimals in one piece, signs between single letters and numbers."""
    text = plain_numbers(text).lower().replace(",", "").replace("\u2212", "-").replace("_", " ")
    if "<=" in text or ">=" in text or "\\" in text:
        text = re.sub(r"<=|\\leq?(?![a-z])\s?", "\u2264", re.sub(r">=|\\geq?(?![a-z])\s?", "\u2265", text))
    return " ".join(token.strip() for token in _TOKEN.findall(text))


def by_text(text: str, choices: Sequence[str], whole: bool = False, only: bool = False) -> str | None:
    """The option whose text is said, without its article; the longest of several, or none of them with ``only``.

    An option within another that is said as well does not count, nor one that is rejected ("not a store").
    """
    said = plain(text)
    found = [(end - start, index) for index, start, end in _named(said, choices, whole)]
    if not found:
        return None
    if only and not _all_within_one([plain(choices[index]) for _, index in found]):
        return None
    longest = max(length for length, _ in found)
    best = [index for length, index in found if length == longest]
    return LETTERS[best[0]] if len(set(best)) == 1 else None


def several_texts(text: str, choices: Sequence[str]) -> bool:
    """Whether two options are said in one breath: "bank and library"."""
    said = plain(text)
    spans = sorted((start, end) for _, start, end in _named(said, choices, False))
    first = min(spans, default=(0, 0))
    if re.search(r"\b(?:all|both|none) of\b", said[first[0] : first[1]]):
        return False
    return any(
        left[1] <= right[0] and _JOINT.fullmatch(said[left[1] : right[0]]) is not None
        for left, right in pairwise(spans)
    ) and bool(re.search(r"\b(?:and|or)\b|[&/,+]", text))


def _named(said: str, choices: Sequence[str], whole: bool) -> list[tuple[int, int, int]]:
    """Index and place of every option that is said and not rejected."""
    found = []
    for index, choice in enumerate(choices):
        spelled = plain(choice) if whole else plain(re.sub(r"^(?:an?|the)\s+", "", choice.strip(), flags=re.IGNORECASE))
        if not spelled:
            continue
        if whole:
            if said == spelled:
                found.append((index, 0, len(said)))
            continue
        for match in re.finditer(rf"(?<![\w./-])(?<![-+*/^] ){re.escape(spelled)}(?![\w/]|\.\d| [-+*/^] )", said):
            if not _REJECTED.search(said[max(0, match.start() - 30) : match.start()].strip()):
                found.append((index, match.start(), match.end()))
                break
    return found


def _all_within_one(spellings: Sequence[str]) -> bool:
    longest = max(spellings, key=len)
    return all(spelled in longest for spelled in spellings)
