"""Steps of a rationale: its sentences and lines, and what kind of step each is, by rules that need no model.

The tutors' checks and remarks (``data.gradeschool``) are found exactly; for other texts the rules are what can be said
without reading.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from gradus.study.config.transform_section import StepType

# Within a formula no step ends.
_OPENING = re.compile(r"\$\$?|\\[\[(]|\\begin\{(\w+\*?)\}")
_CLOSING = re.compile(r"\\[\])]|\\end\{\w+\*?\}")
_CLOSED_BY = {"$$": "$$", "\\[": "\\]", "\\(": "\\)"}
_DOLLAR_OR_LINE = re.compile(r"[$\n]")
# No run of marks or blanks is begun a second time in its midst, so that long ones take no longer than others.
_MARKS = r"[*_\"')\]]"
_END = re.compile(
    rf"(?:[.!?:;,]|(?<!{_MARKS})(?={_MARKS})|(?<!\s)(?<!{_MARKS})(?=\s)){_MARKS}*+[^\S\n]*+\n\s*|[.!?]{_MARKS}*+\s+"
)
_NO_END = re.compile(
    r"(?:^|\n)\s*(?:\(?\d+|[A-Za-z]|[ivx]+)[.)]\Z|\b(?:e\.g|i\.e|etc|vs|cf|approx|no|nos|eq|fig|mr|mrs|ms|dr|st|prof)\.\Z",
    re.IGNORECASE,
)
_CHECK = re.compile(
    r"(?:let (?:us|me)|let's|we (?:can|could|should)?|i(?:'ll| will)?|to|now|so|and|finally|first|next|[\s,])*"
    r"(?:(?:double|cross|re)[- ]?check|check(?:ing)?\s*:|check(?:ing)? (?:that|whether|if|our|the|this|it|by|back|again|each)\b"
    r"|back again\s*:|verif(?:y|ying|ication)|(?:as a|for) (?:check|verification)|confirm(?:ing)?\b"
    r"|(?:substitut|plugg?)(?:e|ing)? (?:\S+ ){0,4}back\b|wait,)",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"\b(?:not? need(?:ed)?|needless|irrelevant|not relevant|unnecessary|does not matter|doesn't matter|extra information"
    r"|(?:do|does)(?: not|n't) affect|(?:do|does)(?: not|n't) need)\b",
    re.IGNORECASE,
)
_CALCULATION = re.compile(r"=|\\(?:frac|times|cdot|div|sqrt)|(?<!\d)(?<!\d[.,])\d[\d.,]*+\s*+[-+*/×÷^%]\s*\(?\d")
_BEFORE = 200  # characters before the end of a step that say whether it is one


def split_steps(text: str) -> list[str]:
    """The steps of a text, each with the blanks after it: joined they are the text again. Formulas are not cut."""
    inside = formulas(text)
    begins = [low for low, _ in inside]
    pieces, start = [], 0
    for match in _END.finditer(text):
        end = match.end()
        before = (
            bisect_right(begins, match.start()) - 1
        )  # the last formula that begins here or earlier; none overlaps another
        cuts_formula = before >= 0 and match.start() + 1 < inside[before][1]
        if end == len(text) or cuts_formula or _NO_END.search(_last_of(text, start, match)):
            continue
        if text[start:end].strip():
            pieces.append(text[start:end])
            start = end
    return [*pieces, text[start:]] if text[start:].strip() else pieces


def _last_of(text: str, start: int, end: re.Match[str]) -> str:
    """What stands before the blanks at the end of a step that began at ``start``; a word stands for what is further away."""
    low = max(start, end.start() - _BEFORE)
    return f"{'so ' if low > start else ''}{text[low : end.end()].rstrip()}"


def formulas(text: str) -> list[tuple[int, int]]:
    """Begin and end of every formula: ``$..$`` in a line, ``$$..$$``, ``\\[..\\]``, ``\\(..\\)``, ``\\begin{x}..\\end{x}``.

    One that is opened and never closed is none. Nothing is looked for where it does not come any more: one pass.
    """
    last = {found.group(): found.start() for found in _CLOSING.finditer(text)} | {"$$": text.rfind("$$")}
    found: list[tuple[int, int]] = []
    place = 0
    while (opening := _OPENING.search(text, place)) is not None:
        place, sign = opening.end(), opening.group()
        closing = _CLOSED_BY.get(sign, f"\\end{{{opening.group(1)}}}")
        if sign == "$":
            ending = _DOLLAR_OR_LINE.search(text, place)
            end = ending.end() if ending is not None and ending.group() == "$" else None
        elif last.get(closing, -1) >= place:
            end = text.index(closing, place) + len(closing)
        else:
            end = place if sign == "$$" else None  # two dollars with nothing between
        if end is not None:
            found.append((opening.start(), end))
            place = end
    return found


def split_words(text: str) -> list[str]:
    """The words of a text, each with the blanks after it."""
    return re.findall(r"\S+\s*", text)


def join(pieces: Sequence[str]) -> str:
    """Steps or words as one text; a piece that stood last gets a blank where it now stands before another."""
    return "".join(piece if piece[-1:].isspace() else f"{piece} " for piece in pieces).strip()


def step_type(step: str) -> StepType:
    """What a step is: a check, a remark on what is not needed, a calculation, or another statement."""
    if _CHECK.match(step.strip().lstrip("*-_# ")):
        return "verification"
    if _ASIDE.search(step):
        return "aside"
    return "calculation" if _CALCULATION.search(step) else "statement"
