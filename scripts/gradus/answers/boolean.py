"""Booleans: true or false, yes or no."""

from __future__ import annotations

import re

from gradus.answers.stated import last_statement

_WORDS = {"true": "True", "yes": "True", "false": "False", "no": "False"}
_WORD = re.compile(r"\b(true|false|yes|no)\b", re.IGNORECASE)


def canonical_boolean(text: str) -> str | None:
    """``True`` or ``False`` for a text that is one such word, else None."""
    return _WORDS.get(text.strip().strip(".*\"'()").lower())


def extract_boolean(text: str) -> str | None:
    """The first true/false/yes/no after the last "The answer is", else the text itself or its first or last word."""
    stated = last_statement(text)
    if stated is not None:
        match = _WORD.search(stated)
        return _WORDS[match.group().lower()] if match else None
    words = re.findall(r"[A-Za-z]+", text)
    for word in (words[-1:], words[:1]):
        if word and word[0].lower() in _WORDS:
            return _WORDS[word[0].lower()]
    return None
