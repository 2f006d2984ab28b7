"""Where a text states its answer: the sentence "The answer is ..." that all our supervisions end with."""

from __future__ import annotations

import re

PHRASE = re.compile(r"\b[Tt]he\s+(?:final\s+|correct\s+)?answer\s+is\s*:?")


def last_statement(text: str) -> str | None:
    """What follows the last "The answer is", to the end of its line; None where no answer is stated."""
    phrases = list(PHRASE.finditer(text))
    return text[phrases[-1].end() :].lstrip().partition("\n")[0] if phrases else None


def before_last_statement(text: str) -> str:
    """The text up to the last "The answer is" (all of it where there is none), without surrounding space."""
    phrases = list(PHRASE.finditer(text))
    return (text[: phrases[-1].start()] if phrases else text).strip()
