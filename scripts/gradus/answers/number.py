"""Numbers: canonical spelling, all numbers of a text, the final one. Nothing is ever evaluated."""

from __future__ import annotations

import re
from fractions import Fraction

from gradus.answers.boxes import boxed
from gradus.answers.stated import after_last_statement

_ANY_NUMBER = re.compile(r"(?<![\w.])[-\u2212]?\$?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(?:\.\d+)?(?:/\d+)?(?![\d])")


def canonical_number(text: str) -> str | None:
    """A number in one spelling (``18``, ``-1/2``, ``0.25`` -> ``1/4``), or None if the text is not one number.

    Thousands separators, a leading currency sign and a trailing dot or percent sign are accepted.
    """
    cleaned = text.strip().replace("\u2212", "-").replace("$", "").replace(",", "").rstrip(".%").strip()
    if not re.fullmatch(r"[-+]?(\d+(\.\d*)?|\.\d+)(/\d+)?", cleaned) or len(cleaned) > 60:
        return None
    top, _, bottom = cleaned.partition("/")
    if bottom and int(bottom) == 0:
        return None
    value = Fraction(top) / (int(bottom) if bottom else 1)
    return str(value)


def numbers_in(text: str) -> list[str]:
    """All numbers of a text in order, canonical."""
    found = [canonical_number(match.group()) for match in _ANY_NUMBER.finditer(text) if match.group()]
    return [number for number in found if number is not None]


def extract_number(text: str) -> str | None:
    """The final answer of a rationale.

    In this order: the first number that the last statement of an answer boxes, or says; the number in the last box; the
    number after the last ``####``; the last number (bare answers, and rationales that end in their result).
    """
    after = after_last_statement(text)
    if after is not None:
        for said in [*boxed(after)[:1], after.partition("\n")[0]]:
            found = numbers_in(_plain(said))
            if found:
                return found[0]
        return None
    for said in [*boxed(text)[-1:], *text.split("####")[1:][-1:]]:
        found = numbers_in(_plain(said))
        if found:
            return found[0]
    found = numbers_in(_plain(text))
    return found[-1] if found else None


def _plain(text: str) -> str:
    """LaTeX's numbers as text: fractions, thousands, signs of money and spaces."""
    text = re.sub(r"\\[dt]?frac\s*\{\s*(-?\d+)\s*\}\s*\{\s*(\d+)\s*\}", r"\1/\2", text)
    text = text.replace("{,}", ",").replace("\\$", "$").replace("\\%", "%")
    return re.sub(r"\\[,;! ]", "", text)


def numbers_equal(left: str, right: str) -> bool:
    """Whether two numbers are the same, however they are spelled."""
    canonical = canonical_number(left)
    return canonical is not None and canonical == canonical_number(right)
