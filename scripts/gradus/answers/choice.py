"""Choices: the letter of an option, in any common dress, or the option's own text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradus.answers.boxes import boxed
from gradus.answers.stated import after_last_statement, after_phrase, last_sentence, statements
from gradus.records.vocabulary import LETTERS

_DRESSED = re.compile(r"[(\[*{\"']*\b(?:option\s+|choice\s+)?([A-J])\b(?![\w'-])", re.IGNORECASE)
# "A) sleep and D) stay in bed", "A, B or C": more than one answer is none.
_SEVERAL = re.compile(
    r"\b(?:and|or|and/or)\s+(?:option\s+)?\(?[A-J]\)|\b[A-J]\)?(?:,\s*[A-J]\)?)*,?\s+(?:and|or)\s+\(?[A-J]\b"
)


# "option B, snow fox, which is the correct answer": the letter stands before the statement.
_NAMED = re.compile(
    r"(?:\b(?i:option|choice)\s+\(?([A-J])\b\)?|\(([A-J])\)|\b([A-J])\))[^.\n]{0,60}?\b(?:is|as)\s+(?:therefore\s+|thus\s+)?"
    r"the\s+(?:(?:only|most|correct|right|best|likely|reasonable|appropriate|logical)\s+)+(?:answer|option|choice)\b"
)


def canonical_choice(text: str, choices: Sequence[str]) -> str | None:
    """The letter of an option that is named by its letter, dressed or not, or by its own text."""
    letter = text.strip().strip("()[].:").upper()
    if len(letter) == 1 and letter in LETTERS[: len(choices)]:
        return letter
    return _by_text(text, choices, whole=True)


def extract_choice(text: str, choices: Sequence[str]) -> str | None:
    """The letter that a text answers with: stated, boxed, alone on its last line, dressed or spelled out in its last sentence.

    A lower-case letter counts only where it stands alone or in brackets ("a" is also a word).
    """
    letters = LETTERS[: len(choices)]
    if _states_a_list(text):
        return None
    for stated in statements(text):
        stated = re.sub(r"^not\b.*?\bbut\s+", "", stated)
        if _SEVERAL.search(stated.partition(". ")[0]):
            return None
        found = _letter_at_start(stated, letters) or _by_text(stated, choices) or _only_dressed(stated, letters)
        if found:
            return found
    for box in boxed(text)[-1:]:
        found = canonical_choice(re.sub(r"\\text\s*\{([^{}]*)\}", r"\1", box), choices)
        if found:
            return found
    if _ends_in_a_list(text):
        return None
    named = ["".join(found) for found in _NAMED.findall(text)]
    if named and len(set(named)) == 1 and named[0] in letters:
        return named[0]
    sentence = last_sentence(text)
    found = _alone(text, choices) or _only_dressed(sentence, letters)
    if not found and not _SEVERAL.search(sentence):
        found = _by_text(sentence, choices, only=True)
    return found or _at_the_top(text, choices) or _only_dressed(text, letters)


def _at_the_top(text: str, choices: Sequence[str]) -> str | None:
    """The option that the first line consists of, where an explanation follows it."""
    first, _, rest = text.strip().partition("\n")
    match = re.match(r"\(?([A-J])[).:]\s*(.*)", first)
    if match is None or re.match(r"\(?[A-J][).:]\s", rest.strip()):
        return None
    return match[1] if _by_text(match[2], choices, whole=True) == match[1] else None


def _states_a_list(text: str) -> bool:
    """Whether the statement goes on over several lines that begin with different letters."""
    lines = [line.strip() for line in (after_last_statement(text) or "").splitlines() if line.strip()][:2]
    heads = [match[1] for match in (re.match(r"\(?([A-J])[).:]\s", line) for line in lines) if match]
    return len(set(heads)) == 2


def _ends_in_a_list(text: str) -> bool:
    """Whether the last two lines begin with two different letters: options that are listed, not chosen."""
    lines = [line.strip() for line in text.splitlines() if line.strip()][-2:]
    heads = [match[1] for match in (re.match(r"\(?([A-J])[).:]\s", line) for line in lines) if match]
    return len(set(heads)) == 2


def taught_choice(text: str, choices: Sequence[str]) -> str | None:
    """The letter of a text in the form of supervisions: after "The answer is", else alone; what reads golds guesses nothing."""
    stated = after_phrase(text)
    if stated is None:
        return _alone(text, choices)
    return _letter_at_start(stated, LETTERS[: len(choices)]) or _by_text(stated, choices)


def _alone(text: str, choices: Sequence[str]) -> str | None:
    """The letter, or the whole text of an option, that the last line consists of or begins with."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    if not lines:
        return None
    last = lines[-1].strip()
    bare = len(last) <= 4 or re.match(r"^[(\[]?[A-J][)\].:]", last)
    return (_letter_at_start(last, LETTERS[: len(choices)]) if bare else None) or _by_text(last, choices, whole=True)


def _only_dressed(text: str, letters: str) -> str | None:
    """The one letter that is named as an option: ``B)``, ``(B)``, ``option B``; None where several are."""
    named = re.findall(r"(?:\boption\s+|\bchoice\s+|\()\(?([A-J])\b|\b([A-J])\)", text, flags=re.IGNORECASE)
    found = {(one or other).upper() for one, other in named} & set(letters)
    return found.pop() if len(found) == 1 else None


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


def _by_text(text: str, choices: Sequence[str], whole: bool = False, only: bool = False) -> str | None:
    """The option whose text is said, without its article; the longest of several, or none of them with ``only``.

    An option within another that is said as well does not count.
    """
    said = _plain(text)
    found = []
    for index, choice in enumerate(choices):
        spelled = (
            _plain(choice) if whole else _plain(re.sub(r"^(?:an?|the)\s+", "", choice.strip(), flags=re.IGNORECASE))
        )
        if spelled and (
            said == spelled if whole else re.search(rf"(?<![\w./]){re.escape(spelled)}(?![\w/]|\.\d)", said)
        ):
            found.append((len(spelled), index))
    if not found:
        return None
    if only and not _all_within_one([_plain(choices[index]) for _, index in found]):
        return None
    longest = max(length for length, _ in found)
    best = [index for length, index in found if length == longest]
    return LETTERS[best[0]] if len(best) == 1 else None


def _all_within_one(spellings: Sequence[str]) -> bool:
    longest = max(spellings, key=len)
    return all(spelled in longest for spelled in spellings)


def _plain(text: str) -> str:
    """Words and numbers, fractions and decimals in one piece."""
    return " ".join(re.findall(r"\d+(?:[./]\d+)*|[a-z0-9]+", text.lower().replace(",", "")))
