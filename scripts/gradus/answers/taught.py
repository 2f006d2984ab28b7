"""Letters of gold rationales: read by the form of supervisions alone, and nothing guessed, so that the data of a study stay."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradus.answers.stated import after_phrase
from gradus.records.vocabulary import LETTERS

_DRESSED = re.compile(r"[(\[*{\"']*\b(?:option\s+|choice\s+)?([A-J])\b(?![\w'-])", re.IGNORECASE)


def taught_choice(text: str, choices: Sequence[str]) -> str | None:
    """The letter of a text in the form of supervisions: after "The answer is", else alone on the last line."""
    stated = after_phrase(text)
    if stated is not None:
        return _letter_at_start(stated, LETTERS[: len(choices)]) or _by_text(stated, choices)
    lines = [line for line in text.strip().splitlines() if line.strip()]
    if not lines:
        return None
    last = lines[-1].strip()
    bare = len(last) <= 4 or re.match(r"^[(\[]?[A-J][)\].:]", last)
    return (_letter_at_start(last, LETTERS[: len(choices)]) if bare else None) or _by_text(last, choices, whole=True)


def _letter_at_start(text: str, letters: str) -> str | None:
    match = _DRESSED.match(text.strip())
    if match is None:
        return None
    letter = match.group(1)
    following = text.strip()[match.end() : match.end() + 1]
    if letter.islower() and following not in ("", ")", "]", "."):
        return None
    if letter == "A" and re.match(r"\s+[a-z]", text.strip()[match.end() :]):
        return None
    return letter.upper() if letter.upper() in letters else None


def _by_text(text: str, choices: Sequence[str], whole: bool = False) -> str | None:
    """The option whose text is said, without its article; the longest of several."""
    said = _plain(text)
    found = []
    for index, choice in enumerate(choices):
        bare = choice if whole else re.sub(r"^(?:an?|the)\s+", "", choice.strip(), flags=re.IGNORECASE)
        spelled = _plain(bare)
        inside = rf"(?<![\w./]){re.escape(spelled)}(?![\w/]|\.\d)"
        if spelled and (said == spelled if whole else re.search(inside, said)):
            found.append((len(spelled), index))
    longest = max((length for length, _ in found), default=0)
    best = [index for length, index in found if length == longest]
    return LETTERS[best[0]] if len(best) == 1 else None


def _plain(text: str) -> str:
    """Words and numbers, fractions and decimals in one piece."""
    return " ".join(re.findall(r"\d+(?:[./]\d+)*|[a-z0-9]+", text.lower().replace(",", "")))
