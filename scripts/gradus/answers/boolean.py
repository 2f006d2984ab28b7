"""Booleans: true or false, yes or no."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradus.answers.choice import extract_choice
from gradus.answers.stated import last_sentence, last_statement
from gradus.records.vocabulary import LETTERS

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
        said = [_WORDS[word.lower()] for word in _WORD.findall(stated.partition(". ")[0])]
        if said and _is_open(said, stated):
            return None
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
    last = {_WORDS[word.lower()] for word in _SAID.findall(last_sentence(text))}
    return last.pop() if len(last) == 1 else None


def _is_open(said: Sequence[str], stated: str) -> bool:
    """Whether a statement leaves both answers open: "either true or false", "not a simple true or false"."""
    return len(set(said)) == 2 and bool(
        re.match(r"(?:either|not|neither|both|depend|could|may)\b", stated.strip(), re.IGNORECASE)
    )
