"""Expressions: one spelling for what is the same on paper, and what can be said of two of them without algebra.

``decided`` answers where form alone decides: digits in bases, dots, units, equations that are no values, sets and tuples, the
case of variables. Inequalities and intervals are brought to one form before algebra sees them.
"""

from __future__ import annotations

import re
from fractions import Fraction

from gradus.answers.number import numbers_equal
from gradus.answers.quantities import plain_numbers, quantities_in
from gradus.answers.separators import has_doubtful_comma

_UNICODE = {
    "\u2212": "-", "\u2013": "-", "\u03c0": "\\pi ", "\u221e": "\\infty ", "\u2264": "\\leq ", "\u2265": "\\geq ",
    "\u2260": "\\neq ", "\u222a": "\\cup ", "\u2229": "\\cap ", "\u2208": "\\in ", "\u00d7": "\\times ",
    "\u00b7": "\\cdot ", "\u22c5": "\\cdot ", "\u00f7": "/", "\u00b0": "^\\circ", "\u03b8": "\\theta ",
    "\u03b1": "\\alpha ", "\u03b2": "\\beta ", "\u03b3": "\\gamma ", "\u03bb": "\\lambda ", "\u03bc": "\\mu ",
    "\u03c3": "\\sigma ", "\u03c6": "\\phi ", "\u03c9": "\\omega ", "\u2205": "\\emptyset ", "\u00b1": "\\pm ",
    "\u2220": "\\angle ", "\u2026": "\\ldots ", "\u211d": "\\mathbb{R}", "\u2044": "/", "\u2061": "", "\u2032": "'",
    "\u00bd": "\\frac{1}{2}", "\u00bc": "\\frac{1}{4}", "\u00be": "\\frac{3}{4}", "\u2153": "\\frac{1}{3}",
    "\u2154": "\\frac{2}{3}", "\u215b": "\\frac{1}{8}",
}  # fmt: skip
_RAISED = str.maketrans(
    "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207b\u207a\u207f", "0123456789-+n"
)
_LOWERED = str.maketrans("\u2080\u2081\u2082\u2083\u2084\u2085\u2086\u2087\u2088\u2089", "0123456789")
_GREEK = re.compile(r"(?<![\\A-Za-z])(pi|theta|alpha|beta|gamma|lambda|infinity|infty)(?![A-Za-z])")
_DOTS = re.compile(r"\\(?:ldots|dots|cdots|dotsc|dotsb)(?![a-z])|\.\.\.")
_BASED = re.compile(r"\(?([0-9A-F]+)\)?_\{?(\d{1,2})\}?")
_UNIT_NAMES = (
    ("mm", "millimeter"), ("cm", "centimeter", "centimetre"), ("m", "meter", "metre"),
    ("km", "kilometer", "kilometre"), ("in", "inch", "inche"), ("ft", "foot", "feet"), ("yd", "yard"), ("mi", "mile"),
    ("g", "gram"), ("kg", "kilogram"), ("mg", "milligram"), ("lb", "pound"), ("oz", "ounce"), ("s", "sec", "second"),
    ("min", "minute"), ("h", "hr", "hour"), ("day",), ("week",), ("month",), ("year",), ("l", "liter", "litre"),
    ("ml", "milliliter"), ("cent",), ("dollar",), ("degree",), ("radian",),
)  # fmt: skip
_UNITS = {name: names[0] for names in _UNIT_NAMES for name in names}
_UNIT = re.compile(
    r"^[-\d.,/\\{}a-z\s]*\d[}\s]*(?:\\[,; ]|~|\s)*"
    r"(?:\\(?:text|mathrm|mbox|textrm|rm)\s*\{?)?\s*([A-Za-z]+)\.?\s*\}?\s*(?:\^?\{?([23])\}?)?$"
)
_NAME = re.compile(
    r"(?:m\s*)?(?:\\(?:angle|triangle|overline|text|mathrm|operatorname|vec|mathbf|widehat|overrightarrow|bar|hat)\s*)?"
    r"(?:\{[^{}]*\}|\\?[A-Za-z]+)(?:_\{?[\w,]+\}?)?'*(?:\([^()=]*\)|\[[^\[\]=]*\])?(?:\^\{-1\}(?:\([^()=]*\))?)?"
)
_PLAIN = re.compile(r"(-?)(?:(\d+(?:\.\d+)?|\.\d+)|\\frac\{(\d+)\}\{(\d+)\}|(\d+)/(\d+))")
_SCALES = (Fraction(1), Fraction(100), Fraction(1, 100))  # math-verify takes a number and its percentage for the same
_RELATION = r"\\leq|\\geq|\\le(?![a-z])|\\ge(?![a-z])|\\lt(?![a-z])|\\gt(?![a-z])|<=|>=|<|>"
_NOTHING = re.compile(
    r"\\(?:text|mbox|mathrm)\s*\{\s*(?:there\s+(?:is|are)\s+)?no\s+(?:real\s+)?solutions?\.?\s*\}|no\s+(?:real\s+)?solutions?|\\varnothing"
    r"|\\\{\s*\\\}|\\\{\s*\\,\s*\\\}",
    re.IGNORECASE,
)


_DECIMAL_POWER = re.compile(r"\^\s*(?:\{\s*(-?\d{0,9}\.\d{1,9})\s*\}|(-?\d{0,9}\.\d{1,9}))")


def standard(text: str) -> str:
    """An expression in LaTeX's own names: from Unicode, plain text, and the many ways to write the same sign."""
    text = text.strip()
    if not text.isascii():
        text = re.sub(
            "[\u2070\u00b9\u00b2\u00b3\u2074-\u207b\u207f]+", lambda m: f"^{{{m[0].translate(_RAISED)}}}", text
        )
        text = re.sub("[\u2080-\u2089]+", lambda m: f"_{{{m[0].translate(_LOWERED)}}}", text)
        root = "\u221a\\s*(?:\\(([^()]*)\\)|\\{([^{}]*)\\}|(\\d+|[a-z]))"
        text = re.sub(root, lambda m: f"\\sqrt{{{m[1] or m[2] or m[3]}}}", text)
        for sign, name in _UNICODE.items():
            text = text.replace(sign, name)
    text = re.sub(r"(?<!\d)\*\*|\*\*(?![\d(a-z\\])|^\*\*|\*\*$", "", text) if text.startswith("**") else text
    text = re.sub(r"\*\*", "^", text).replace("<=", "\\leq ").replace(">=", "\\geq ")
    text = re.sub(r"(?<=[\w)}])\s*\*\s*(?=[\w(\\])", r" \\cdot ", text)
    text = re.sub(r"(?<=\d)(?:\\[,; ]|~|\s)*\\(?:text|mathrm|mbox)\s*\{\s*m\s*\}(?=\s*\^)", r"\\text{ meter}", text)
    text = re.sub(r"\\(?:mathrm|operatorname|text|textrm|mathit|rm)\s*\{\s*([A-Za-z])\s*\}", r"\1", text)
    text = re.sub(r"\\(?:mathrm|rm)\s+([A-Za-z])(?![A-Za-z])", r"\1", text)
    text = re.sub(r"\\sqrt\s*\(([^()]*)\)|(?<![\\a-z])sqrt\s*\(([^()]*)\)", lambda m: f"\\sqrt{{{m[1] or m[2]}}}", text)
    text = re.sub(r"(?<![\\a-z])sqrt\s*\{", r"\\sqrt{", text)
    if "^" in text and "." in text:
        text = _DECIMAL_POWER.sub(lambda m: f"^{{{Fraction(m[1] or m[2])}}}", text)
    if "\\" in text or "{:}" in text:
        text = _dressed_down(text)
    text = _GREEK.sub(lambda m: "\\infty " if m[1].startswith("inf") else f"\\{m[1]} ", text)
    text = re.sub(r"\\log_\{?\s*e\s*\}?(?![a-z])", r"\\ln ", text)
    text = re.sub(r"\+\s*\\infty", r"\\infty", text)
    text = _NOTHING.sub(r"\\emptyset", text)
    text = re.sub(
        r"(-?\d*)\.(\d*)(?:\\overline\s*\{(\d+)\}|\\(?:bar|dot)\s*\{?(\d)\}?|\((\d+)\)(?!\d))", _recurring, text
    )
    return _number_in_words(text.strip())


_WHOLE = re.compile(r"\\(?:mathbf|textbf|boldsymbol|bm|text|mathrm|mbox)\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_DEGREES = re.compile(
    r"\\(sin|cos|tan|cot|sec|csc)\s*(?:\\left)?(?:\(|\{)?\s*(\d{1,4})\s*\^\s*(?:\\circ(?![a-z])|\{\s*\\circ\s*\})\s*(?:\\right)?(?:\)|\})?"
)
_TOGETHER = re.compile(r"\s*,?\s*\\(?:text|mbox)\s*\{\s*,?\s*(?:and|or)\s*\}\s*")


def _dressed_down(text: str) -> str:
    """An expression without bold type, sizes of brackets, words before a value; angles of functions in radians."""
    whole = _WHOLE.fullmatch(text)
    if whole and re.search(r"\d", whole[1]) and re.fullmatch(r"[-\d\s.,/()%]*|\\[dt]?frac.*", whole[1]):
        text = whole[1].strip()
    text = re.sub(r"\\(?:big|Big|bigg|Bigg)[lrm]?(?![a-z])", "", text)
    text = text.replace("\\lbrace", "\\{").replace("\\rbrace", "\\}").replace("{:}", ":").replace("\\colon", ":")
    text = _DEGREES.sub(lambda m: f"\\{m[1]}\\left(\\frac{{{m[2]}\\pi}}{{180}}\\right)", text)
    text = re.sub(r"^\\text\s*\{[^{}]*(?:\bis|[:=])\s*\}\s*(?=\S)", "", text)
    text = re.sub(r"(?<=\d)\s*\\cdot\s*i(?![A-Za-z])", "i", text)
    if _TOGETHER.search(text) and not re.search(_RELATION + r"|=|\\in(?![a-z])|\\cup", text):
        text = _TOGETHER.sub(", ", text)
    return text


def _recurring(match: re.Match[str]) -> str:
    """``0.\\overline{3}`` as the fraction that it is."""
    whole, fixed, period = match[1], match[2], match[3] or match[4] or match[5]
    if len(fixed) + len(period) > 12:
        return match[0]
    value = Fraction(int(period), (10 ** len(period) - 1) * 10 ** len(fixed)) + Fraction(
        int(fixed or 0), 10 ** len(fixed)
    )
    value += abs(int(whole)) if whole.strip("-") else 0
    return f"{'-' if whole.startswith('-') else ''}\\frac{{{value.numerator}}}{{{value.denominator}}}"


def _number_in_words(text: str) -> str:
    """A number that is no LaTeX yet: ``1.2e6``, ``1 \\text{ million}``, ``1 1/4``, "one half"."""
    simple = re.sub(r"\\(?:text|mathrm|mbox)\s*\{([^{}]*)\}", r" \1", text).replace("\\,", "")
    simple = " ".join(simple.strip(" $").split())
    spelled = re.fullmatch(
        r"-?[\d.,]+(?:[eE][-+]?\d+|\s*(?:hundred|thousand|million|billion|trillion|dozen)|\s+\d+/\d+)",
        simple,
        re.IGNORECASE,
    )
    if spelled or re.fullmatch(r"(?:minus\s+|negative\s+)?[a-z]+(?:[\s-]+[a-z]+){0,4}", simple, re.IGNORECASE):
        found = quantities_in(plain_numbers(simple), words=True)
        if len(found) == 1 and found[0].start == 0 and found[0].end == len(simple):
            return found[0].value
    return text


def spelling(text: str) -> str:
    """One spelling of a standard expression, case kept: no spacing commands, no dollar, percent or degree dress."""
    text = re.sub(r"\\(?:left|right|displaystyle|big|Big|bigg|Bigg|!|,|;|:| )(?![a-z])|\\q?quad|~", "", text)
    text = re.sub(r"\\[dtc]frac", r"\\frac", text)
    text = re.sub(r"<=|\\leqslant|\\leq?(?![a-z])", r"\\leq ", text)
    text = re.sub(r">=|\\geqslant|\\geq?(?![a-z])", r"\\geq ", text)
    text = re.sub(r"\\(?:lt)(?![a-z])", "<", re.sub(r"\\(?:gt)(?![a-z])", ">", text))
    text = re.sub(r"\\(?:text|mbox|textbf|mathrm|mathbf|textrm)\s*\{([^{}]*)\}", r"\1", text)
    text = text.replace("\\$", "").replace("$", "").replace("\\%", "").replace("%", "")
    text = text.replace("^{\\circ}", "").replace("^\\circ", "")
    text = re.sub(r"\\frac(\d)(\d)", r"\\frac{\1}{\2}", text)
    text = re.sub(r"([_^])\{(\w)\}", r"\1\2", text)
    text = re.sub(r"(?<=\d)(?:\{,\}|,)(?=\d{3}(?!\d))", "", text)
    text = _DOTS.sub(r"\\ldots", text)
    text = re.sub(r"\s+", "", text).rstrip(".")
    return _without_idle_brackets(text) if "{(" in text else text


def _without_idle_brackets(text: str) -> str:
    """``{(x)}`` as ``{x}``, however deep."""
    opened: list[int] = []
    idle: set[int] = set()
    for index, sign in enumerate(text):
        if sign == "(":
            opened.append(index)
        elif sign == ")" and opened:
            start = opened.pop()
            if text[start - 1 : start] == "{" and text[index + 1 : index + 2] == "}":
                idle |= {start, index}
    return "".join(sign for index, sign in enumerate(text) if index not in idle)


def _giant(text: str) -> bool:
    """Whether a number has more than a hundred thousand digits: nobody writes them out, and computing them takes for ever."""
    if re.search(r"\\(?:sum|prod|int|lim|frac)|[a-zA-Z](?!eft|ight)", re.sub(r"\\(?:left|right|cdot|times)", "", text)):
        return False
    towers = re.findall(r"(?<![\d.])(\d{1,9})\^[{(]*(\d{1,9})\^[{(]*(\d{1,9})", text)
    return bool(re.search(r"\d{5,}\)?!", text) or re.search(r"(?<![\d.])(?:[2-9]|\d{2,})\^[{(]*\d{6,}", text)) or any(
        int(base) > 1 and int(first) > 1 and int(second) * len(first) > 6 for base, first, second in towers
    )


def decided(left: str, right: str) -> bool | None:
    """Whether an answer is the gold one, where form decides it; None where algebra must. Both are standard expressions."""
    mine, gold = spelling(left), spelling(right)
    if mine == gold or _same_number(left, right) or _same_number(mine, gold):
        return True
    if _far_apart(mine, gold):
        return False
    based = _BASED.fullmatch(mine), _BASED.fullmatch(gold)
    if any(based):
        return _same_in_base(mine, gold, *based)
    if _DOTS.search(mine) or _DOTS.search(gold):
        return False
    if mine.lower() == gold.lower():
        return _same_words(left, right, mine, gold)
    units = unit_of(left), unit_of(right)
    if None not in units and units[0] != units[1]:
        return False
    if _giant(mine) != _giant(gold) and re.fullmatch(r"-?[\d.,/]+", gold if _giant(mine) else mine):
        return False
    if re.match(r"\\\{[^:|]*\\\}$", mine) and re.match(r"\(.*\)$", gold) and "," in gold:
        return False  # a set is no tuple
    lists = elements(mine), elements(gold)
    if (
        min(map(len, lists)) > 1
        and len(lists[0]) != len(lists[1])
        and not re.search(r"\d,\d{3}|\\pm|\\cup", left + right)
    ):
        return False
    return None


def _same_number(left: str, right: str) -> bool:
    """Whether both are one number, and the same: ``1,2,3`` is no 123."""
    return numbers_equal(left, right) and not (has_doubtful_comma(left) or has_doubtful_comma(right))


def _far_apart(mine: str, gold: str) -> bool:
    """Whether both are plain numbers that no rounding and no percent sign makes the same: most wrong answers are."""
    left, right = _PLAIN.fullmatch(mine), _PLAIN.fullmatch(gold)
    if left is None or right is None or len(mine + gold) > 60:
        return False
    one, other = _rational(left), _rational(right)
    if one is None or other is None:
        return False
    return all(abs(scale * one - other) * 1000 > max(abs(scale * one), abs(other)) for scale in _SCALES)


def _rational(match: re.Match[str]) -> Fraction | None:
    """A plain number's value; None where it divides by nothing."""
    sign, whole, top, bottom, over, under = match.groups()
    divisor = int(bottom or under or 1)
    value = Fraction(whole or top or over)
    return None if divisor == 0 else (-value if sign else value) / divisor


def elements(text: str) -> list[str]:
    """The parts of a list, at its own commas."""
    inner = re.fullmatch(r"\\\{(.*)\\\}|\((.*)\)|\[(.*)\]", text)
    body = (
        next((part for part in inner.groups() if part is not None), text) if inner and _closed(inner.group(0)) else text
    )
    parts, depth = [""], 0
    for sign in body:
        depth += (sign in "([{") - (sign in ")]}")
        if sign == "," and depth <= 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts]


def _closed(text: str) -> bool:
    """Whether the first bracket of a text is closed by its last."""
    depth = 0
    for index, sign in enumerate(text):
        depth += (sign in "([{") - (sign in ")]}")
        if depth == 0 and index > 1:
            return index == len(text) - 1
    return False


def _same_in_base(mine: str, gold: str, left: re.Match[str] | None, right: re.Match[str] | None) -> bool | None:
    """Digits in the same base, or with the base left out."""
    if left and right:
        bases = int(left[2]), int(right[2])
        if not all(2 <= base <= 36 for base in bases):
            return None
        try:
            return int(left[1], bases[0]) == int(right[1], bases[1])
        except ValueError:
            return False
    one, other = (left, gold) if left else (right, mine)
    return one is not None and one[1] == other


def _same_words(left: str, right: str, mine: str, gold: str) -> bool:
    """Whether two texts that differ by case alone are words (``Yes``, ``\\text{yes}``) and not variables."""
    if "\\text" in left + right or "\\mbox" in left + right or "\\mathrm" in left + right:
        return True
    words = re.fullmatch(r"[A-Za-z]{3,}", mine) is not None
    return words and not (mine.isupper() and gold.islower()) and not (mine.islower() and gold.isupper())


def unit_of(text: str) -> str | None:
    """The unit behind a value, by its short name; None without one, or where it is none that we know."""
    match = _UNIT.match(text)
    if match is None:
        return None
    name = match[1].lower()
    base = _UNITS.get(name) or _UNITS.get(name.removesuffix("s"))
    return base + (match[2] or "") if base else None


def values(left: str, right: str) -> tuple[str, str] | None:
    """Both sides as values where only one is an equation, or both; None where an equation stands for no value.

    ``x = 5`` is 5 and ``x = 5, y = 3`` is (5, 3); ``x + y = 7`` is no 7.
    """
    if "=" in left and "=" not in right:
        value = _value(left, right)
        return None if value is None else (value, right)
    if "=" in right and "=" not in left and not re.search(_RELATION, left):
        value = _value(right, left)
        return None if value is None else (left, value)
    return left, right


def _value(equation: str, other: str) -> str | None:
    parts = elements(re.sub(r"\\text\s*\{\s*,?\s*(?:and|or)\s*\}|\band\b", ",", equation))
    if len(parts) > 1 and not equation.strip().startswith(("(", "[", "\\{")):
        found = []
        for part in parts:
            sides = part.split("=")
            if len(sides) > 2 or (len(sides) == 2 and not _names(sides[0])):
                break
            found.append(sides[-1].strip())
        else:
            joined = ", ".join(found)
            return f"({joined})" if other.strip().startswith("(") else joined
    first, *_, last = equation.split("=")
    return last.strip() if _names(first) and last.strip() else None


def _names(side: str) -> bool:
    """Whether a left side names a value or computes one; a sum with variables does not."""
    side = side.strip().strip("$ ")
    if _NAME.fullmatch(side):
        return True
    bare = re.sub(r"\\(?:text|mathrm|mbox|operatorname)\s*\{[^{}]*\}|_\{[^{}]*\}|_\w|\\[A-Za-z]+", " ", side)
    bare = re.sub(r"[A-Za-z]'?\([^()]*\)|[A-Z]+", "1", bare)
    return not (re.search(r"[a-z]", bare) and re.search(r"[-+]", bare))


def is_inequality(text: str) -> bool:
    """Whether an expression is an inequality (``x > 2``), and not the interval that it means."""
    return re.search(_RELATION, text) is not None


def intervals(left: str, right: str) -> tuple[str, str]:
    """An inequality as the interval that it means, where the other side is an interval."""
    relations = [bool(re.search(_RELATION + r"|\\in(?![a-z])", side)) for side in (left, right)]
    if not any(relations):
        return left, right
    turned = _interval(left), _interval(right)
    if all(turned):
        return str(turned[0]), str(turned[1])
    return left, right


def _interval(text: str) -> str | None:
    """An interval, or a union of some, from an interval or an inequality in one variable; None for anything else."""
    text = re.sub(r"\\(?:left|right|,|;|!| )(?![a-z])", "", text.strip(" $"))
    inner = re.fullmatch(
        r"\\\{\s*[a-zA-Z](?:\s*\\in\s*\\mathbb\{R\}|\s*\\in\s*\\mathbb R)?\s*(?::|\||\\mid|\\vert)\s*(.*)\\\}", text
    )
    text = inner[1] if inner else text
    text = re.sub(r"^\s*[a-zA-Z]\s*\\in(?![a-z])\s*", "", text)
    text = re.sub(r"^\s*[A-Za-z]\s*=\s*(?=[(\[])", "", text)
    parts = re.split(r"\\text\s*\{\s*or\s*\}|\\lor|\\cup|\\vee|\bor\b", text)
    found = [_one_interval(part.strip()) for part in parts]
    return "\\cup".join(str(part) for part in found) if all(found) else None


def _one_interval(text: str) -> str | None:
    if re.fullmatch(r"[(\[][^()\[\]]*(?:\([^()]*\))?[^()\[\]]*,[^,]*[)\]]", text):
        return text
    pieces = re.split(rf"({_RELATION})", text)
    variable = re.compile(r"\s*[a-zA-Z]\s*|\s*\\[a-z]+\s*")
    if len(pieces) == 5 and variable.fullmatch(pieces[2]):
        low, first, _, second, high = pieces
        if first[:2] in (">", ">=", "\\g"):
            low, first, second, high = high, second, first, low
        return f"{_bracket(first, True)}{low.strip()},{high.strip()}{_bracket(second, False)}"
    if len(pieces) == 3:
        left, relation, right = pieces
        swapped = bool(variable.fullmatch(right)) and not variable.fullmatch(left)
        if not swapped and not variable.fullmatch(left):
            return None
        bound = left if swapped else right
        greater = (relation.startswith((">", "\\g"))) != swapped
        bound = bound.strip()
        return (
            f"{_bracket(relation, True)}{bound},\\infty)"
            if greater
            else f"(-\\infty,{bound}{_bracket(relation, False)}"
        )
    return None


def _bracket(relation: str, opening: bool) -> str:
    closed = "=" in relation or relation.startswith(("\\le", "\\ge"))
    return ("[" if closed else "(") if opening else ("]" if closed else ")")
