"""Choices: the letter of an option, in any common dress, or the option's own text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradus.answers.stated import last_statement

LETTERS = "ABCDEFGHIJ"
_DRESSED = re.compile(r"[(\[*{\"']*\b(?:option\s+|choice\s+)?([A-J])\b(?![\w'-])", re.IGNORECASE)


def extract_choice(text: str, choices: Sequence[str]) -> str | None:
    """The letter that a text answers with: after "The answer is", else alone on the last line, else by option text.

    A lower-case letter counts only where it stands alone or in brackets ("a" is also a word).
    """
    letters = LETTERS[: len(choices)]
    stated = last_statement(text)
    if stated is not None:
        return _letter_at_start(stated, letters) or _by_text(stated, choices)
    lines = [line for line in text.strip().splitlines() if line.strip()]
    if not lines:
        return None
    last = lines[-1].strip()
    alone = _letter_at_start(last, letters) if len(last) <= 4 or re.match(r"^[(\[]?[A-J][)\].:]", last) else None
    return alone or _by_text(last, choices, whole=True)


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
    """The one option whose text is said (the longest, where one option contains another)."""
    said = _plain(text)
    found = [
        (len(_plain(choice)), index)
        for index, choice in enumerate(choices)
        if _plain(choice)
        and (said == _plain(choice) if whole else re.search(rf"\b{re.escape(_plain(choice))}\b", said))
    ]
    if not found:
        return None
    longest = max(length for length, _ in found)
    best = [index for length, index in found if length == longest]
    return LETTERS[best[0]] if len(best) == 1 else None


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))
