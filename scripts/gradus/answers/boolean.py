"""Booleans: true or false, yes or no."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradus.answers.choice import LETTERS, extract_choice
from gradus.answers.stated import last_sentence, last_statement

_WORDS = {"true": "True", "yes": "True", "false": "False", "no": "False"}
_WORD = re.compile(r"\b(true|false|yes|no)\b", re.IGNORECASE)

_SAID = re.compile(r"\b(true|false|yes|no(?=[,.;]))\b", re.IGNORECASE)  # "no" is also an article


def canonical_boolean(text: str) -> str | None:
    """``True`` or ``False`` for a text that is one such word, else None."""
    return _WORDS.get(text.strip().strip(".*\"'()").lower())


def extract_boolean(text: str, choices: Sequence[str] = ()) -> str | None:
    """The first true/false/yes/no that the last statement says, else the text's first or last word, else the last sentence's.

    ``choices``: where the two answers were offered as options, a letter names one.
    """
    stated = last_statement(text)
    if stated is not None:
        match = _WORD.search(stated)
        if match:
            return _WORDS[match.group().lower()]
    if choices:
        letter = extract_choice(text, choices)
        if letter:
            return canonical_boolean(choices[LETTERS.index(letter)])
    if stated is not None:
        return None
    words = re.findall(r"[A-Za-z]+", text)
    for word in (words[-1:], words[:1]):
        if word and word[0].lower() in _WORDS:
            return _WORDS[word[0].lower()]
    said = {_WORDS[word.lower()] for word in _SAID.findall(last_sentence(text))}
    return said.pop() if len(said) == 1 else None
