"""Quantities: numbers as people write them, with separators of several locales, mixed, vulgar, scientific, in words.

Nothing is ever evaluated but a product with a power of ten. Decimal comma: one comma before one or two digits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

DIGITS = 60  # of a number that is read at all; longer ones are loops
_VULGAR = {
    "\u00bd": "1/2", "\u00bc": "1/4", "\u00be": "3/4", "\u2153": "1/3", "\u2154": "2/3", "\u2155": "1/5", "\u2156": "2/5",
    "\u2157": "3/5", "\u2158": "4/5", "\u2159": "1/6", "\u215a": "5/6", "\u215b": "1/8", "\u215c": "3/8", "\u215d": "5/8",
    "\u215e": "7/8",
}  # fmt: skip
_SUPERSCRIPT = str.maketrans("\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207b", "0123456789-")
_UNITS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_SMALL = {word: number for number, word in enumerate(_UNITS)} | {"none": 0, "nil": 0}
_TY = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_TENS = {word: 10 * ten for ten, word in enumerate(_TY, 2)}
_SCALE = {
    "hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12, "lakh": 10**5, "crore": 10**7,
    "dozen": 12, "score": 20,
}  # fmt: skip
_SUFFIX = {"k": 10**3, "K": 10**3, "M": 10**6, "B": 10**9, "mn": 10**6, "bn": 10**9}
_PARTS = {
    "half": 2,
    "halves": 2,
    "third": 3,
    "thirds": 3,
    "quarter": 4,
    "quarters": 4,
    "fourths": 4,
    "fifth": 5,
    "fifths": 5,
}

_DIGITS = (
    r"(?:\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?"
    r"|\d{1,2}(?:,\d{2})+,\d{3}(?!\d)(?:\.\d+)?"  # lakhs
    r"|\d{1,3}(?:[ '_\u2019]\d{3}){2,}(?!\d)(?:[.,]\d+)?|\d{1,3}(?:['_\u2019]\d{3})+(?!\d)(?:[.,]\d+)?|\d{1,3} \d00(?!\d)"
    r"|\d{1,3}(?:\.\d{3}){2,}(?!\d)(?:,\d+)?|\d{1,3}(?:\.\d{3})+,\d{1,2}(?!\d)"
    r"|(?<![\d,])\d+,\d{1,2}(?![\d,]|\.\d)|\d+(?:\.\d+)?|\.\d+)"
)
_QUANTITY = re.compile(
    rf"(?<![\w.^])(?<!\^\{{)(?<!_\{{)(?P<sign>(?:[-+]\s?|(?:minus|negative)\s+)?\$?\s?[-+]?)(?P<digits>{_DIGITS})"
    r"(?:[eE](?P<e>[-+]?\d{1,3})(?!\w))?"
    r"(?:\s(?:and\s+)?(?P<top>\d{1,3})/(?P<bottom>\d{1,3})(?![\d/])|\s?/\s?(?P<over>\d+)(?![\d.])|(?P<half>\s+and\s+a\s+half\b))?"
    r"(?:\s?[*x\u00d7\u00b7]\s?10\s?\^\s?[{(]?(?P<power>[-+]?\d{1,3})[)}]?)?(?:\^\{?(?P<raised>\d{1,3})\}?)?"
    r"(?::(?P<minutes>[0-5]\d)(?!\d))?"
    r"(?:\s?(?P<scale>hundred|thousand|million|billion|trillion|lakh|crore|dozen)\b|(?P<suffix>k|K|M|B|mn|bn)\b)?",
    re.IGNORECASE,
)
_WORD = "|".join([*_SMALL, *_TENS, *_SCALE, *_PARTS])
_WORDS = re.compile(
    rf"\b(?:(?P<sign>minus|negative)\s+)?(?P<words>(?:an?\s+)?(?:{_WORD})(?:(?:[\s-]+|\s+and\s+|(?:(?<=thousand)|(?<=million)|(?<=billion)),\s+)(?:a\s+)?(?:{_WORD})\b)*)\b",
    re.IGNORECASE,
)
# "three and two thirds": the part is a number of its own
_MIXED_WORDS = re.compile(rf"(?<=[a-z])\s+and[\s-]+({'|'.join(_SMALL)})[\s-]+({'|'.join(_PARTS)})$")


@dataclass(frozen=True)
class Quantity:
    """A number in its one spelling, and where it stands."""

    value: str
    start: int
    end: int


def plain_numbers(text: str) -> str:
    """LaTeX's and typographers' ways to write numbers as text: fractions, thousands, signs, products."""
    if "\\" in text:
        text = re.sub(r"(?<=\d)(?:\s|\\[ ,;])*\\[dt]?frac\s*\{\s*(\d+)\s*\}\s*\{\s*(\d+)\s*\}", r" \1/\2", text)
        text = re.sub(r"(?<=\d)(?:\s|\\[ ,;])*\\[dt]?frac\s*(\d)(\d)", r" \1/\2", text)
        text = re.sub(r"(?<=\d)\\ (?=\d/\d)", " ", text)
        text = re.sub(r"\{\s*(-?\d+)\s*\\over\s*(\d+)\s*\}", r"\1/\2", text)
        text = re.sub(r"\\[dt]?frac\s*\{\s*(-?\d+)\s*\}\s*\{\s*(\d+)\s*\}", r"\1/\2", text)
        text = re.sub(r"\\[dt]?frac\s*(\d)(\d)", r"\1/\2", text)
        text = text.replace("\\$", "$").replace("\\%", "%")
        text = re.sub(r"\\(?:times|cdot)(?![a-z])", "*", text)
        text = re.sub(r"\\(?:text|mathrm|mathbf|textbf|mbox)\s*\{([^{}]*)\}", r" \1", text)
        text = re.sub(r"\\[,;!:]|\\ ", "", text)
        text = re.sub(r"\\(?:approx|sim)(?![a-z])", " ", text)
    if not text.isascii():
        text = re.sub(
            r"10[\u2070\u00b9\u00b2\u00b3\u2074-\u207b]+", lambda m: "10^" + m[0][2:].translate(_SUPERSCRIPT), text
        )
        for sign, spelled in _VULGAR.items():
            if sign in text:
                text = re.sub(rf"(?<=\d)\s?{sign}", f" {spelled}", text).replace(sign, spelled)
        text = re.sub("\u2212|(?<![\\w)] )(?<![\\w)])[\u2013\u2012\u2010\u2011\uff0d](?=\\s?[$\\d])", "-", text)
        for sign in "\u20ac\u00a3\u20b9\u00a5":
            text = text.replace(sign, "$")
        text = text.replace("\u2044", "/")
    if "Rs" in text:
        text = re.sub(r"\bRs\.?\s?(?=\d)", "$", text)
    if "<<" in text:
        text = re.sub(r"<<[^<>]*>>", "", text)
    return text.replace("{,}", ",").replace("**", "") if "**" in text or "{" in text else text


def quantities_in(text: str, words: bool = False) -> list[Quantity]:
    """The numbers of a plain text in order; number words count where asked for and where no digits are."""
    found = []
    for match in _QUANTITY.finditer(text):
        value = _value(match, text)
        if value is not None:
            found.append(Quantity(value, match.start(), match.end()))
    if words and not found:
        found = [one for one in (_spelled(match) for match in _WORDS.finditer(text)) if one]
    return found


def _value(match: re.Match[str], text: str) -> str | None:
    digits = match["digits"]
    if len(digits) > DIGITS:
        return None
    if match[0] == digits and digits.isdecimal():
        return str(int(digits))  # most numbers are: a twentieth of the work
    value = Fraction(_decimal(digits))
    if match["top"]:
        value += Fraction(int(match["top"]), int(match["bottom"])) if int(match["bottom"]) else 0
    elif match["over"]:
        if len(match["over"]) > DIGITS or int(match["over"]) == 0:
            return None
        value /= int(match["over"])
    elif match["half"]:
        value += Fraction(1, 2)
    power = int(match["e"] or 0) + int(match["power"] or 0)
    if abs(power) > DIGITS:
        return None
    if power:
        value *= Fraction(10) ** power
    if match["raised"]:
        if value != 10 or int(match["raised"]) > DIGITS:
            return None
        value = value ** int(match["raised"])
    if match["minutes"]:
        value += Fraction(int(match["minutes"]), 60)
    if match["scale"]:
        value *= _SCALE[match["scale"].lower()]
    elif match["suffix"] in _SUFFIX and (match["suffix"] != "B" or "$" in match["sign"]):
        value *= _SUFFIX[match["suffix"]]
    sign = match["sign"].lower()
    if ("-" in sign or "minus" in sign or "negative" in sign) and not _is_operator(match, text):
        value = -value
    spelled = str(value)
    return spelled if len(spelled) <= DIGITS else None


def _is_operator(match: re.Match[str], text: str) -> bool:
    """Whether the sign stands between two operands, or is a hyphen."""
    before = text[max(0, match.start() - 3) : match.start()]
    return match["sign"][:1] in ("-", "+") and bool(re.search(r"[\w)%}]$|[\d)%}]\s+$|\b[a-z]\s+$", before))


def _decimal(digits: str) -> str:
    """Digits with a decimal point and no other separators."""
    bare = re.sub(r"[ '_\u2019]", "", digits)
    if re.fullmatch(r"\d{1,3}(?:\.\d{3}){2,}|\d{1,3}(?:\.\d{3})+,\d{1,2}|\d{1,3}(?:\.\d{3}){2,},\d+", bare):
        return bare.replace(".", "").replace(",", ".")
    if re.fullmatch(r"\d+,\d{1,2}", bare):
        return bare.replace(",", ".")
    return bare.replace(",", "")


def _spelled(match: re.Match[str]) -> Quantity | None:
    """The number that a run of number words means; None for "a score" of a game and the like that mean none."""
    words, part = match["words"].lower(), Fraction(0)
    if mixed := _MIXED_WORDS.search(words):
        words, part = words[: mixed.start()], Fraction(_SMALL[mixed[1]], _PARTS[mixed[2]])
    total, current, said = Fraction(0), Fraction(0), False
    for word in re.findall(r"[a-z]+", words):
        if word in _SMALL or word in _TENS:
            current += _SMALL.get(word, _TENS.get(word, 0))
            said = True
        elif word in _PARTS:
            current = current / _PARTS[word] if said and "and" not in words else current + Fraction(1, _PARTS[word])
            said = True
        elif word in _SCALE:
            factor = _SCALE[word]
            current = (current if said else Fraction(1)) * factor
            if factor >= 1000:
                total, current = total + current, Fraction(0)
            said = True
    value = total + current + part
    return Quantity(str(-value if match["sign"] else value), match.start(), match.end()) if said else None
