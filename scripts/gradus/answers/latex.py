"""LaTeX answers (MATH): the boxed or stated expression, compared by math-verify (Kydlicek 2025), never by ``eval``."""

from __future__ import annotations

import re

from gradus.answers.boxes import last_boxes
from gradus.answers.number import numbers_equal, numbers_in
from gradus.answers.stated import after_last_statement, last_sentence


def extract_latex(text: str) -> str | None:
    """The final expression: the last box, else what is stated after "The answer is", else a last formula or number."""
    after = after_last_statement(text)
    boxes = last_boxes(text if after is None else after)
    if boxes:
        return ", ".join(boxes)
    if after is None:
        formulas = formulas_in(text)
        if formulas:
            return formulas[-1]
        bare = text.strip().rstrip(".")
        if bare and len(bare) <= 60 and (len(bare.split()) <= 4 or not _words(bare)):
            return bare
        numbers = numbers_in(last_sentence(text))
        return numbers[-1] if numbers else None
    # Up to the end of the sentence: a dot that no digit follows, outside of formulas.
    sentence = re.split(r"\.(?=\s|$)", after.partition("\n")[0], maxsplit=1)[0].strip()
    whole = re.fullmatch(r"\\?[\[(]?\s*\$+(.+?)\$+\s*\\?[\])]?", sentence)
    cleaned = (whole.group(1) if whole else re.sub(r"\\[\])]\s*$", "", sentence)).strip()
    said, before = _spoken(cleaned), ", ".join(last_boxes(text))
    # "our answer is correct": words alone do not outweigh a box.
    return before if before and not re.search(r"[\d\\$^]", said) else said or None


_MARK = re.compile(r"\\\$|\$+|\\[()\[\]]|\n")


def formulas_in(text: str) -> list[str]:
    """What stands between dollars, in ``\\(...\\)`` or ``\\[...\\]``, in order; dollars before amounts of money open nothing."""
    found: list[str] = []
    opened, start = "", 0
    for match in _MARK.finditer(text):
        mark = match[0]
        if mark.startswith("$") and not opened.startswith("\\"):
            if opened and not (len(opened) == 1 and _is_money(text[start : match.start()])):
                found.append(text[start : match.start()])
                opened = ""
            else:
                opened, start = mark, match.end()
        elif mark in ("\\(", "\\[") and not opened.startswith("$"):
            opened, start = mark, match.end()
        elif (opened, mark) in (("\\(", "\\)"), ("\\[", "\\]")):
            found.append(text[start : match.start()])
            opened = ""
        elif mark == "\n" and opened == "\\(":
            opened = ""
    return [formula.strip() for formula in found if formula.strip()]


def _is_money(formula: str) -> bool:
    """Whether what stands between two dollars is prose between two prices: "20 she keeps "."""
    return formula[:1].isdigit() and (formula[-1:].isspace() or len(_words(formula[:200])) >= 2)


def _spoken(text: str) -> str:
    """The expression in a sentence of words: what it says something is, its last formula, else its first number.

    Short texts stay as they are.
    """
    if len(_words(text)) < 2:
        return text
    _, verb, predicate = text.rpartition(" is ")
    for said in ([predicate] if verb else []) + [text]:
        formulas, numbers = formulas_in(said), numbers_in(said)
        if formulas or numbers:
            return formulas[-1] if formulas else numbers[0]
    return text


def _words(text: str) -> list[str]:
    """Words of two letters or more that are no LaTeX commands."""
    return re.findall(r"(?<![\\a-zA-Z])[a-zA-Z]{2,}", re.sub(r"\\(?:text|mbox)\s*\{[^{}]*\}", "", text))


def normalised_latex(text: str) -> str:
    """One spelling for what is the same on paper: no spacing commands, one name per fraction, no dollar or degree dress."""
    text = re.sub(r"\\(?:left|right|displaystyle|!|,|;|:| )", "", text)
    text = re.sub(r"\\[dt]frac", r"\\frac", text)
    text = re.sub(r"<=|\\leq?(?![a-z])", r"\\leq ", text)
    text = re.sub(r">=|\\geq?(?![a-z])", r"\\geq ", text)
    text = re.sub(r"\\text\s*\{([^{}]*)\}", r"\1", text)
    text = re.sub(r"\\mbox\s*\{([^{}]*)\}", r"\1", text)
    text = text.replace("\\$", "").replace("$", "").replace("\\%", "").replace("%", "")
    text = text.replace("^{\\circ}", "").replace("^\\circ", "")
    text = re.sub(r"\\frac(\d)(\d)", r"\\frac{\1}{\2}", text)
    text = re.sub(r"(?<=\d)(?:\{,\}|,)(?=\d{3}(?!\d))", "", text)
    return re.sub(r"\s+", "", text).rstrip(".").lower()


def same_spelling(left: str, right: str) -> bool:
    """Whether two expressions are the same on paper, or as numbers: what can be decided at once."""
    spelled = normalised_latex(left), normalised_latex(right)
    return spelled[0] == spelled[1] or numbers_equal(left, right) or numbers_equal(*spelled)


def parsed_equal(left: str, right: str) -> bool:
    """Whether math-verify takes two expressions for the same; it may never come back (see equivalence)."""
    if "=" in left and "=" not in right:  # an equation for the value that it ends in
        left = left.rpartition("=")[2]
        if same_spelling(left, right):
            return True
    from math_verify import parse, verify

    try:
        gold, given = (parse(f"${text}$", parsing_timeout=None) for text in (right, left))
        return bool(gold and given and verify(gold, given, timeout_seconds=None))
    except Exception:
        return False
