"""Numbers: canonical spelling, all numbers of a text, the final one. Nothing is ever evaluated."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from gradus.answers.boxes import boxed, open_box
from gradus.answers.quantities import Quantity, plain_numbers, quantities_in
from gradus.answers.stated import instead, last_sentence, read_statements

_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)(/\d+)?")
_ANY_NUMBER = re.compile(r"(?<![\w.])[-\u2212]?\$?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(?:\.\d+)?(?:/\d+)?(?![\d])")
_SENTENCE_END = re.compile(r"(?<!\bi\.e)(?<!\be\.g)(?<!\bapprox)[.!?\u3002](?=\s|$)|\u3002")
_REJECTED = re.compile(
    r"\b(?:not|rather\s+than|instead\s+of)\s+(?:just\s+|only\s+|simply\s+)?[-\u2212]?\$?\d[\d,.]*\d?(?=[\s,;.!?)]|$)",
    re.IGNORECASE,
)
_CALCULATES = re.compile(
    r"[^\w$=+*/<]{0,3}\s*(?:[A-Za-z%]+\s+){0,2}(?:[-+*/\u00d7\u00f7x=\u2212]|equals\b)(?!\d*[A-Za-z]{2})"
    r"|%\s+of\s|\s*:\s+\d|\)?\(\d|\s+(?:[a-z]+\s+)?(?:times|plus|minus|divided\s+by|multiplied\s+by)\s"
)
_RESULT = re.compile(r"=|\bequals\b|\bwhich\s+(?:is|equals|gives)\b")
_NAMELY = re.compile(r"\b(?:i\.e\.|that\s+is,|namely)", re.IGNORECASE)
_OTHERWISE = re.compile(
    r"(?:,\s*(?:or|that\s+is|i\.e\.|which\s+is|meaning)\b|\s+or\s+(?:about\s+)?\$?\d).*$", re.IGNORECASE
)
_WITHIN = re.compile(
    r"\s(?:for|in|over|during|within|after|every|each|per)\s+(?:the\s+|all\s+|those\s+|these\s+)?(?:next\s+|first\s+|last\s+|whole\s+)?\d+\s+"
    r"(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?)\W*$",
    re.IGNORECASE,
)
_STRONG = re.compile(
    r"(?:^|[.!?\n;,:\u2026]\s*|[\u2014-]\s+)(?:\*\*)?(?:oh\s+|but\s+|hmm,?\s+)?(?:wait|actually|correction|oops|sorry|no(?=[,:.])|scratch\s+that|hold\s+on"
    r"|on\s+second\s+thought|let\s+me\s+(?:correct|fix|redo|recompute|recalculate|re-?do|reconsider|rethink)|that(?:'s|\u2019s|\s+is)\s+(?:wrong"
    r"|not\s+right|incorrect)|i\s+made\s+an?\s+(?:mistake|error))\b",
    re.IGNORECASE,
)
_WEAK = re.compile(r"(?:^|[.!?\n]\s*)(?:however|but|yet)\b", re.IGNORECASE)
_CONCLUDES = re.compile(
    r"\b(?:so|thus|therefore|hence|giving|gives|instead|should\s+be|must\s+be|actually|becomes|correct|is|total|makes|get)\b|=",
    re.IGNORECASE,
)
_CONCLUDES_WEAKLY = re.compile(
    r"\b(?:so|thus|therefore|hence|giving|instead|should\s+(?:really\s+)?be|must\s+be|actually|correct)\b",
    re.IGNORECASE,
)
_GROUPED_BY_DOTS = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(?:\.\d{3})+(?![\d.])")
_INSTEAD = re.compile(r"[*$\s-]{0,4}\d[\d,./]*\W{0,3}(?:[A-Za-z]+)?\W{0,4}(?:$|\n|(?<=[.!])\s)")
_BARE_FIRST = re.compile(
    r"[*_$#\s]{0,4}[^\n]{1,40}\n\s{0,20}[*_#]{0,4}(?:Explanation|Reason(?:ing)?|Because|Here|Solution|Since|Step|Check|Justification)\b"
)


@lru_cache(maxsize=4096)  # votes and golds ask for the same few again and again
def canonical_number(text: str) -> str | None:
    """A number in one spelling (``18``, ``-1/2``, ``0.25`` -> ``1/4``), or None if the text is not one number.

    Thousands separators, a leading currency sign and a trailing dot or percent sign are accepted.
    """
    cleaned = text.strip().replace("\u2212", "-").replace("$", "").replace(",", "").rstrip(".%").strip()
    if len(cleaned) > 60 or not _NUMBER.fullmatch(cleaned):
        return None
    if cleaned.isdecimal():
        return str(int(cleaned))  # a tenth of what a fraction takes
    top, _, bottom = cleaned.partition("/")
    if bottom and int(bottom) == 0:
        return None
    value = Fraction(top) / (int(bottom) if bottom else 1)
    return str(value)


def numbers_in(text: str) -> list[str]:
    """All numbers of a text in order, canonical."""
    found = [canonical_number(match.group()) for match in _ANY_NUMBER.finditer(text) if match.group()]
    return [number for number in found if number is not None]


# "1 250." and no more: with a word behind it, it may be one of 250 ml.
_GROUPED_BY_A_SPACE = re.compile(r"^([\s$*_:=-]*\d{1,3}) (\d{3}(?:\.\d+)?)(?=[\s$*_.!%]*$)")


def extract_number(text: str) -> str | None:
    """The final answer of a rationale, of what ``ending`` leaves of it.

    In this order: what the last statement that holds a number boxes or says, or what corrects it; the number in the last box;
    the number after the last ``####``; a first line that is one number, before an explanation; the last sentence with a number.
    A statement of no number ("The answer is unknown") leaves only boxes and marks.
    """
    refused = False
    for statement in read_statements(text):
        for said in [*boxed(statement.after)[:1], _GROUPED_BY_A_SPACE.sub(r"\1\2", statement.line)]:
            found = stated_number(_GROUPED_BY_DOTS.sub(_without_dots, said) if statement.groups_by_dots else said)
            if found is not None:
                return _corrected(statement.after) or found
        refused = True
    for said in [*boxed(text)[-1:], *text.split("####")[1:][-1:]]:
        found = stated_number(said.strip().partition("\n")[0])
        if found is not None:
            return found
    if refused:
        return None
    cut_off = open_box(text)
    found = stated_number(cut_off) if cut_off else None
    return found or _first_line(text) or concluding_number(text) or _in_words(text)


def _without_dots(match: re.Match[str]) -> str:
    return match[0].replace(".", "")


def stated_number(said: str) -> str | None:
    """The number that a statement says: of a calculation its result, else the first; in words where it has no digits."""
    line = plain_numbers(said)
    for clause in (_first_sentence(line), line):
        clause = _REJECTED.sub("", clause) if "not" in clause or "than" in clause or "instead" in clause else clause
        found = quantities_in(clause, words=True)
        if not found:
            continue
        if found[0].start > 3 and (namely := _NAMELY.search(clause)):
            found = quantities_in(clause[namely.end() :]) or found
        return _result(clause, found).value
    return None


def _result(clause: str, found: list[Quantity]) -> Quantity:
    """The first number, or the one after the last sign of equality where the first begins a calculation."""
    if len(found) > 1 and _CALCULATES.match(clause, found[0].end):
        for match in reversed(list(_RESULT.finditer(clause))):
            after = [one for one in found if one.start >= match.end()]
            if after and match[0] == "=" and not clause[found[0].end : match.start()].strip(" $*"):
                # "20 = 4 * 5": what is computed stands on the right
                return found[0] if _CALCULATES.match(clause, after[0].end) else after[0]
            if after:
                return after[0]
    return found[0]


def _first_sentence(line: str) -> str:
    end = _SENTENCE_END.search(line)
    return line[: end.start()] if end else line


def _corrected(after: str) -> str | None:
    """The number that takes the place of a stated one: after "Wait", "Correction", "No", or a concluding "However"."""
    rest = after[:LONGEST_CORRECTION]
    for mark, concludes in ((_STRONG, _CONCLUDES), (_WEAK, _CONCLUDES_WEAKLY)):
        marks = list(mark.finditer(rest))
        if marks:
            tail = rest[marks[0].end() :]
            cues = list(concludes.finditer(tail))
            if cues and quantities_in(plain_numbers(tail[cues[-1].end() :])):
                return stated_number(tail[cues[-1].end() :])
    said = instead(rest)
    return stated_number(said) if said and _INSTEAD.match(said) else None


LONGEST_CORRECTION = 1500


def _first_line(text: str) -> str | None:
    """The number that the first line is, where an explanation follows."""
    if not _BARE_FIRST.match(text.lstrip()):
        return None
    first = plain_numbers(text.strip().partition("\n")[0])
    return (
        stated_number(first) if re.fullmatch(r"[\s*_$#]*-?[$\d][\d,./]*\s*(?:%|[A-Za-z]+)?[\s*_.$]*", first) else None
    )


def _in_words(text: str) -> str | None:
    """The one number word of the last sentence, where a text has no digit; "one" is a pronoun, too."""
    found = quantities_in(last_sentence(text[-2000:]), words=True)
    return found[0].value if len(found) == 1 and found[0].value not in ("0", "1") else None


def concluding_number(text: str) -> str | None:
    """The number of the last sentence that has one: its result, else its last that is no other way to say it."""
    for line in reversed(text.splitlines()):
        if not any(map(str.isdigit, line)) and not re.search("[\u00bd-\u00be\u2153-\u215e]", line):
            continue
        for sentence in reversed(re.split(r"(?<=[.!?])\s+|(?<=\u3002)", line[-2000:])):
            emphasised = re.findall(r"\*\*([^*\n]*\d[^*\n]*)\*\*", sentence)
            plain = plain_numbers(sentence)
            found = quantities_in(plain)
            if found:
                bold = quantities_in(plain_numbers(emphasised[-1])) if emphasised else []
                return (bold[-1] if bold else _last(plain, found)).value
    return None


def _last(sentence: str, found: list[Quantity]) -> Quantity:
    for shorter in (re.sub(r"\([^()]*\)", lambda match: " " * len(match[0]), sentence),):
        found = quantities_in(shorter) or found
        sentence = shorter if quantities_in(shorter) else sentence
    for shorten in (_OTHERWISE, _WITHIN):
        shorter = shorten.sub("", sentence)
        if shorter != sentence and (fewer := quantities_in(shorter)):
            sentence, found = shorter, fewer
    equality = sentence.rfind("=")
    after = [one for one in found if one.start > equality] if equality >= 0 else []
    return after[0] if after and not re.search(r"[A-Za-z\\]", sentence[equality : after[0].start]) else found[-1]


def numbers_equal(left: str, right: str) -> bool:
    """Whether two numbers are the same, however they are spelled."""
    canonical = canonical_number(left)
    return canonical is not None and canonical == canonical_number(right)
