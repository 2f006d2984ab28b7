"""Where a text states its answer: "The answer is ...", as all our supervisions end, and what others write for it."""

from __future__ import annotations

import re

PHRASE = re.compile(r"\b[Tt]he\s+(?:final\s+|correct\s+)?answer\s+is\s*:?")
_STATES = re.compile(
    r"\b(?:answers?|(?:best|correct)\s+(?:option|choice)s?)"
    r'(?:\s+(?:to|for)\s+(?:this|the|that|our|your)\s+(?:\w+\s+){0,2}?(?:question|problem)(?:\s+"[^"\n]{1,300}")?)?'
    r"\s*(?:\*\*)?\s*(?:is|are|would\s+be|could\s+be|will\s+be|should\s+be|must\s+be|remains|:|=)\s*:?",
    re.IGNORECASE,
)
_DRESS = re.compile(r"(?:\s|\*\*|:|\\\[|\\\(|\$\$|>)+")


def last_statement(text: str) -> str | None:
    """What follows the last statement of an answer, to the end of the first line that says something; None without one."""
    after = after_last_statement(text)
    return None if after is None else after.partition("\n")[0]


def statements(text: str) -> list[str]:
    """What follows each statement of an answer on its line, the last one first."""
    found = []
    for match in reversed(list(_STATES.finditer(text))):
        rest = text[match.end() :]
        dress = _DRESS.match(rest)
        found.append((rest[dress.end() :] if dress else rest).partition("\n")[0])
    return found


def after_last_statement(text: str) -> str | None:
    """All that follows the last statement of an answer, without the dress before it; None where no answer is stated."""
    statements = list(_STATES.finditer(text))
    if not statements:
        return None
    rest = text[statements[-1].end() :]
    dress = _DRESS.match(rest)
    return rest[dress.end() :] if dress else rest


def after_phrase(text: str) -> str | None:
    """What follows the last "The answer is" on its line: the form of our own supervisions and of the released ones."""
    phrases = list(PHRASE.finditer(text))
    return text[phrases[-1].end() :].lstrip().partition("\n")[0] if phrases else None


def before_last_statement(text: str) -> str:
    """The text up to the last "The answer is" (all of it where there is none), without surrounding space."""
    phrases = list(PHRASE.finditer(text))
    return (text[: phrases[-1].start()] if phrases else text).strip()


def last_sentence(text: str) -> str:
    """The last sentence of the last line that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return re.split(r"(?<=[.!?])\s+", lines[-1])[-1] if lines else ""
