"""Booleans: true or false, yes or no, with what denies them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradus.answers.boxes import boxed
from gradus.answers.choice import extract_choice
from gradus.answers.stated import last_sentence, read_statements
from gradus.records.vocabulary import LETTERS

_WORDS = {"true": "True", "yes": "True", "false": "False", "no": "False"}
_AFFIRM = (
    "correct", "right", "yeah", "affirmative", "ja", "wahr", "oui", "vrai", "s\u00ed", "verdadero", "verdadeiro", "vero",
    "\u0434\u0430", "\u0432\u0435\u0440\u043d\u043e", "\u662f", "\u662f\u7684", "\u6b63\u786e", "\u5bf9",
    "\u306f\u3044", "\u5bf9\u7684", "\u6210\u7acb",
)  # fmt: skip
_DENY = (
    "untrue", "incorrect", "wrong", "nope", "negative", "nein", "falsch", "non", "faux", "falso", "\u043d\u0435\u0442",
    "\u043d\u0435\u0432\u0435\u0440\u043d\u043e", "\u5426", "\u9519\u8bef", "\u4e0d\u662f", "\u9519",
    "\u3044\u3044\u3048", "\u9519\u7684", "\u4e0d\u6b63\u786e", "\u4e0d\u5bf9", "\u4e0d\u6210\u7acb",
)  # fmt: skip
_LETTERS = {"T": "True", "F": "False"}
_SAYS = _WORDS | dict.fromkeys(_AFFIRM, "True") | dict.fromkeys(_DENY, "False")
_SIMPLE = (
    r"true|yes|false|no(?!\s+(?:[a-z]+\s+){0,3}?(?:reason|doubt|evidence|way|problem|question|need|such|matter|longer|one|sign"
    r"|proof|record|indication)\b)"
)
_SAID = re.compile(
    rf"\b({_SIMPLE}|untrue|incorrect|correct|nope|affirmative(?=\W*$)|negative(?=\W*$)|wrong(?=\W*$)|right(?=\W*$))\b",
    re.IGNORECASE,
)
_FOREIGN = re.compile(
    r"\b(ja|nein|wahr|falsch|oui|non|vrai|faux|s\u00ed|verdadero|falso|verdadeiro|vero|\u0434\u0430|\u043d\u0435\u0442|\u0432\u0435\u0440\u043d\u043e|\u043d\u0435\u0432\u0435\u0440\u043d\u043e)\b",
    re.IGNORECASE,
)
# What is right or wrong says more than the word for "is" before it.
_CHINESE_JUDGES = re.compile(
    "\u4e0d\u6b63\u786e|\u4e0d\u5bf9|\u4e0d\u6210\u7acb|\u9519\u8bef|\u9519\u7684|\u6b63\u786e|\u5bf9\u7684|\u6210\u7acb"
)
_CHINESE = re.compile(
    "\u4e0d\u662f|\u9519\u8bef|\u6b63\u786e|\u662f\u7684|\u5426|\u662f|\u5bf9|\u9519|\u306f\u3044|\u3044\u3044\u3048"
)
_CLAUSE = 120  # characters before an answer in which it may be denied
_ALONE = re.compile(r"\b(true|yes|false|no(?=[,.;!]|\W*$))\b", re.IGNORECASE)  # "no" is also an article
_SUBJECT = re.compile(
    r"\b(?:statement|claim|assertion|proposition|sentence|it|this|that|which|hypothesis|premise|idea)(?:\s+\"[^\"\n]{1,200}\")?(?:\s+(?:[a-z]+\s+){0,8}?|['\u2019])"
    r"(?:is|was|s|must\s+be|would\s+be|cannot\s+be|can(?:no|['\u2019])t\s+be|isn['\u2019]t|seems)\b[^.!?\n]{0,40}?\b(true|false|untrue|correct|incorrect|(?:wrong|right)(?=\s*(?:[.,;!]|$)))\b",
    re.IGNORECASE,
)
# "Probably not.", "Definitely not", "Nope": all that is said.
_NOT_AT_ALL = re.compile(
    r"\W*(?:(?:the\s+answer\s+is|so|thus|most|very|almost|it\s+is)\s+)*"
    r"(?:(?:likely|probably|definitely|certainly|absolutely|clearly|surely|obviously|of\s+course|presumably|simply)\s+not|nope|no\s+way)\W*",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"\b(?:since|because|although|though|even\s+if|while|whereas)\s+$", re.IGNORECASE)
_DENIES = re.compile(
    r"(?:\bnot|n['\u2019]t|\bcannot|\bhardly|\bnever|\bfar\s+from|\bneither|\bno\s+way|\banything\s+but|\bcan\s?not\s+be|\bunlikely|\bfails\s+to\s+be"
    r"|\bby\s+no\s+means|\bnowhere\s+near|\bnot\s+the\s+case\s+that\s+(?:this|it|that)\s+is)(?:\s+[a-z]+){0,4}?\s+[\"'*(]*$",
    re.IGNORECASE,
)
_OPEN = re.compile(
    r"^\W*(?:either|neither|both|depends?|could|may|might|sometimes|unknown|uncertain|unclear|unsure|undetermined)\b"
    r"|\b(?:cannot|can['\u2019]?t|can\s+not|could\s+not|impossible\s+to|hard\s+to|difficult\s+to|not\s+possible\s+to|unable\s+to|not\s+enough\s+\w+\s+to)\s+"
    r"(?:be\s+)?(?:determine|say|tell|know|decide|judge|conclude|determined|said|known|decided|answer)"
    r"|\b(?:do\s+not|don['\u2019]?t)\s+know\b|\bnot\s+(?:sure|certain|clear|known)\b|\bunclear\b|\b(?:true|yes)\W{0,3}\s*or\s+\W{0,3}(?:[A-J]\)\s*)?(?:false|no)\b"
    r"|\b(?:false|no)\W{0,3}\s*or\s+\W{0,3}(?:true|yes)\b|\bwhether\b|\bdepend(?:s|ing)\s+on\b|\bnot\s+an?\s+(?:simple|clear)\b|\bpartly\b|\bpartially\b"
    r"|\b(?:both|neither)\b|\btrue\s+and\s+false\b|\byes\s+and\s+no\b|\bno\s+(?:way\s+(?:to|of)\s+\w+|clear\s+answer)",
    re.IGNORECASE,
)
_CORRECTS = re.compile(
    r"(?:\.\.\.|\u2026|[.!?,;\u2014-])\s*(?:but\s+|oh\s+|hmm,?\s+|no,\s+)?(?:wait|actually|correction|scratch\s+that|on\s+second\s+thought|sorry|oops|i\s+mean)\b",
    re.IGNORECASE,
)


def canonical_boolean(text: str) -> str | None:
    """``True`` or ``False`` for a text that is one such word, else None."""
    return _WORDS.get(text.strip().strip(".*\"'()").lower())


def extract_boolean(text: str, choices: Sequence[str] = ()) -> str | None:
    """What the last statement says that says one of the two, with what denies it; None where it leaves both open.

    Without a statement: a box, the text's last or first word, what its last sentences say of "the statement", "it" or "this".
    ``choices``: where the two answers were offered as options, a letter names one.
    """
    stated = False
    for statement in read_statements(text):
        stated = True
        line = _after_correction(statement.after[:600]) or statement.line
        sentence = line.partition(". ")[0]
        if bare := _bare(sentence):
            return bare
        if _is_open(sentence):
            return _first_word(text)
        found = _said(sentence) or _said(line)
        if found:
            return found
        if choices and (letter := extract_choice(f"The answer is {line}", choices)):
            return canonical_boolean(choices[LETTERS.index(letter)])
    if choices:
        letter = extract_choice(text, choices)
        if letter:
            return canonical_boolean(choices[LETTERS.index(letter)])
    for box in boxed(text)[-1:]:
        return _said(re.sub(r"\\text\s*\{([^{}]*)\}", r"\1", box))
    return None if stated else _unstated(text)


def _bare(sentence: str) -> str | None:
    """What a sentence says that is nothing but an answer: "T", "Correct.", "Definitely not"."""
    if _NOT_AT_ALL.fullmatch(sentence):
        return "False"
    word = re.fullmatch(r"\W*([^\W\d_]+)\W*", sentence)
    return None if word is None else _LETTERS.get(word[1]) or _SAYS.get(word[1].lower())


def _first_word(text: str) -> str | None:
    """The answer that a text begins with, set off from what follows."""
    match = re.match(r"\W*(yes|no|true|false)\s*(?:[,.;:!\n\u2014-]|\*\*|$)", text, re.IGNORECASE)
    return _WORDS[match[1].lower()] if match else None


def _unstated(text: str) -> str | None:
    corrected = _after_correction(text[-1000:])
    last = last_sentence(corrected or text)
    if bare := _bare(last):
        return bare
    undecided = _is_open(last)
    words = re.findall(r"[^\W\d_]+", (corrected or text)[-200:])[-1:] + re.findall(r"[^\W\d_]+", text[:200])[:1]
    for index, word in enumerate(words):
        if word.lower() in _WORDS and not (index == 0 and undecided):
            before = (corrected or text).rstrip(" \n.!*\"'")[: -len(word)] if index == 0 else ""
            if index == 1 and not re.match(r"\W*\w+\s*(?:[,.;:!\n\u2014-]|$|\*)", text):
                continue
            return _turned(_WORDS[word.lower()], before[-60:])
    if undecided:
        return None
    for sentence in reversed(re.split(r"(?<=[.!?\u3002])\s+|\n", text[-3000:])):
        of_it = list(_SUBJECT.finditer(sentence))
        of_it = [one for one in of_it if not _ASIDE.search(sentence[: one.start()])] or of_it
        if of_it:
            return None if _is_open(sentence) else _said(of_it[-1][0])
    found = {
        _turned(_WORDS[match[1].lower()], last[max(0, match.start() - _CLAUSE) : match.start()])
        for match in _ALONE.finditer(last)
    }
    return found.pop() if len(found) == 1 else _foreign(last)


def _said(sentence: str) -> str | None:
    """The first answer that a sentence gives, turned round where it is denied; "no reason" and the like are no answer."""
    match = _SAID.search(sentence)
    if match:
        return _turned(_SAYS[match[1].lower()], sentence[: match.start()][-60:])
    return _foreign(sentence)


def _foreign(sentence: str) -> str | None:
    match = _FOREIGN.search(sentence)
    if match is None and not sentence.isascii():
        match = _CHINESE_JUDGES.search(sentence) or _CHINESE.search(sentence)
    return _SAYS[match[0].lower()] if match else None


def _turned(answer: str, before: str) -> str:
    """The opposite where what stands before the answer denies it, in the same clause."""
    clause = re.split(r"[.;:!?]\s|,\s+(?:so|thus|therefore|hence|but|and)\b|,\s*$", before)[-1]
    if not _DENIES.search(clause):
        return answer
    return "False" if answer == "True" else "True"


def _is_open(sentence: str) -> bool:
    """Whether a sentence leaves both answers open: "either true or false", "cannot be determined"."""
    match = _OPEN.search(sentence)
    if match is None:
        return False
    rest = sentence[match.end() :]
    return not re.search(r"\b(?:so|thus|therefore|hence|but)\b[^.]*\b(?:yes|no|true|false)\b", rest, re.IGNORECASE)


def _after_correction(text: str) -> str | None:
    """What follows the last "wait, actually" where it says one of the two."""
    marks = list(_CORRECTS.finditer(text))
    if not marks:
        return None
    rest = text[marks[-1].end() :].lstrip(" ,")
    return rest if _SAID.search(rest) else None
