"""LaTeX answers (MATH): the boxed or stated expression, compared by math-verify (Kydlicek 2025), never by ``eval``."""

from __future__ import annotations

import re

from gradus.answers.boxes import last_boxes, open_box
from gradus.answers.closeness import told_apart
from gradus.answers.expressions import decided, intervals, standard, values
from gradus.answers.number import concluding_number, numbers_in
from gradus.answers.stated import instead, last_sentence, read_statements


def extract_latex(text: str) -> str | None:
    """The final expression of what ``ending`` leaves of a text.

    The last box or expression of the last statement; a box anywhere, closed or cut off; a last formula, what is bold or bare, a
    last number, or the name that a last sentence is about.
    """
    if "```" in text:
        text = _FENCE.sub("", text)
    anywhere = ", ".join(last_boxes(text))
    for statement in read_statements(text):
        if anywhere and statement.after.startswith("}"):
            continue  # words within a box
        boxes = last_boxes(statement.after)
        if boxes:
            return ", ".join(boxes)
        corrected = instead(statement.after)
        said = _stated(corrected) if corrected and _VALUE.match(corrected) else _stated(statement.after.lstrip("} "))
        said = open_box(said) or said if said and "\\boxed{" in said else said
        # Words alone do not outweigh a box.
        if said and not (anywhere and not re.search(r"[\d\\$^]", said)):
            return said
    cut_off = open_box(text)
    return anywhere or (cut_off if cut_off and len(cut_off) < 200 else None) or _unstated(text)


_FENCE = re.compile(r"```(?:latex|tex|math|text|plaintext)?(?![a-z])", re.IGNORECASE)
# What follows a value and is none: "5, since 2+3=5", "5, not 6".
_REASON = re.compile(r",?\s+(?:because|since|not|rather\s+than|instead\s+of)\b")
_VALUE = re.compile(r"[$\\(\[-]{0,4}(?:\d|[a-z]+\{|boxed)")
_LEAD = re.compile(
    r"(?:(?:thus|so|hence|therefore|then)\b,?\s*)?(?:(?:it|this|that|which|[a-z])\s+(?:is|equals|=)\s+(?=[-+\d\\$(\[{]))?",
    re.IGNORECASE,
)


def _stated(after: str) -> str | None:
    """Up to the end of the sentence: a dot that no digit follows, outside of formulas."""
    sentence = re.split(r"\.(?=\s|$)", after.partition("\n")[0][:1000], maxsplit=1)[0].strip()
    reason = _REASON.search(sentence)
    if reason and sentence.count("$", 0, reason.start()) % 2 == 0 and re.search(r"[\d\\$]", sentence[: reason.start()]):
        sentence = sentence[: reason.start()].strip()
    whole = re.fullmatch(r"\\?[\[(]?\s*\$+([^$]+)\$+\s*\\?[\])]?", sentence.replace("\\$", "\0"))
    cleaned = whole.group(1).replace("\0", "\\$") if whole else re.sub(r"\\[\])]\s*$", "", sentence)
    return _result(_spoken(cleaned.strip())) or None


def _unstated(text: str) -> str | None:
    last = last_sentence(text)
    bold = re.findall(r"\*\*([^*\n]{1,80})\*\*", last)
    if bold and re.search(r"\d", bold[-1]):
        inner = formulas_in(bold[-1])
        return _result(inner[-1] if inner else bold[-1].strip(" $."))
    formulas = formulas_in(text)
    predicate = re.search(r"\$[^$]*\b(?:is|are|equals)\s+(-?\d[\d,]*(?:[./]\d+)?)\.?$", last) if formulas else None
    if predicate:
        return predicate[1]
    if formulas:
        return _result(formulas[-1])
    bare = re.sub(r"^[A-Za-z ]{1,40}:\s*", "", text.strip()).rstrip(".")
    if len(bare) <= 60 and (lead := _LEAD.match(bare)) and re.search(r"\d", bare[lead.end() :]):
        bare = bare[lead.end() :]
    if bare and len(bare) <= 60 and (len(bare.split()) <= 4 or not _words(bare)):
        return bare
    number = concluding_number(last)
    if number:
        return number
    name = re.match(r"([A-Z][a-z]{2,15})\s+(?:is|was|has|had|will|wins?|won|gets?|got|runs?|ran)\b", last)
    return name[1] if name and name[1] not in _NO_NAMES else None


_NO_NAMES = (
    "This", "That", "There", "Here", "The", "She", "They", "What", "Which", "Who", "Nothing", "Thus", "Then", "Let", "Each",
)  # fmt: skip


def _result(formula: str) -> str:
    """The number that a formula of running text ends in; a box is meant as it stands."""
    if re.search(r"[,;]|quad|[<>!\\]=|\\n?eq|\\[lg]eq?(?![a-z])", formula):
        return formula
    result = formula.rpartition("=")[2].strip()
    plain = re.sub(r"\\[A-Za-z]+", "", result)
    number = re.search(r"\d", plain) and not re.search(r"[a-z=<>]", plain) and result != "0"
    return result if "=" in formula and number else formula


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


def quick_verdict(left: str, right: str) -> bool | None:
    """Whether an answer (left) is the gold one (right), where form decides it; None where algebra must."""
    mine, gold = standard(left), standard(right)
    verdict = decided(mine, gold)
    if verdict is not None:
        return verdict
    pair = values(mine, gold)
    if pair is None:
        return False
    if pair != (mine, gold):
        return decided(*pair)
    turned = intervals(mine, gold)
    return decided(*turned) if turned != (mine, gold) else None


def parsed_equal(left: str, right: str) -> bool:
    """Whether math-verify takes two expressions for the same, and rightly so; it may never come back (see equivalence)."""
    pair = values(standard(left), standard(right))
    if pair is None:
        return False
    mine, theirs = intervals(*pair)
    from math_verify import parse, verify

    try:
        gold, given = (parse(f"${text}$", parsing_timeout=None) for text in (theirs, mine))
        return bool(gold and given and verify(gold, given, timeout_seconds=None)) and not told_apart(gold[0], given[0])
    except Exception:
        return False
