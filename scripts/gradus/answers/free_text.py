"""Free text: answers that are words, compared without case, punctuation and articles.

The normalisation is that of SQuAD's evaluation (Rajpurkar et al. 2016), after Unicode's compatibility forms.
"""

from __future__ import annotations

import re
import unicodedata

from gradus.answers.boxes import boxed
from gradus.answers.number import canonical_number
from gradus.answers.stated import last_sentence, read_statements

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_SENTENCE_END = re.compile(
    r"(?<!\b(?:St|Mr|Ms|Dr|Mt|Ft|Jr|Sr|No|vs))(?<!\bMrs)(?<!\bProf)[.!?](?=\s|$)|\u3002",
)
_INITIALS = re.compile(r"(?:[A-Z]\.\s?)+(?=\w)")
LONGEST = 200  # characters of an answer


def normalised_text(text: str) -> str:
    """Lower case, one space between words, no punctuation, no articles; a text of marks alone stays as it is."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    kept = "".join(" " if unicodedata.category(character)[0] in "PS" else character for character in folded)
    words = " ".join(_ARTICLES.sub(" ", kept).split())
    return words or " ".join(kept.split()) or folded.strip()


def texts_equal(left: str, right: str) -> bool:
    """Whether two answers are the same words; where both are numbers, the same number."""
    numbers = canonical_number(left), canonical_number(right)
    if None not in numbers:
        return numbers[0] == numbers[1]
    return normalised_text(left) == normalised_text(right) != ""


def extract_text(text: str) -> str | None:
    """What the last statement of an answer says, up to the end of its sentence; else the last box, what follows the last
    ``####``, or a text that is one short line. None elsewhere.
    """
    for statement in read_statements(text):
        stated = [*boxed(statement.after)[:1], _first_sentence(statement.line)]
        return next(filter(None, map(_trimmed, stated)), None)
    for said in [*boxed(text)[-1:], *text.split("####")[1:][-1:]]:
        if found := _trimmed(said.strip().partition("\n")[0]):
            return found
    lines = text.strip().splitlines()
    return _trimmed(last_sentence(text)) if len(lines) == 1 and len(lines[0]) <= LONGEST else None


def _first_sentence(line: str) -> str:
    initials = _INITIALS.match(line)
    end = _SENTENCE_END.search(line, initials.end() if initials else 0)
    return line[: end.start()] if end and end.start() else line


def _trimmed(said: str) -> str | None:
    found = said.strip().strip("*_`$\"'\u201c\u201d").rstrip(".!?").strip().strip("*_`$\"'\u201c\u201d").strip()
    return found[:LONGEST] or None
