"""LaTeX answers (MATH): the boxed or stated expression, compared by math-verify (Kydlicek 2025), never by ``eval``."""

from __future__ import annotations

import re
from functools import lru_cache

from gradus.answers.number import numbers_equal
from gradus.answers.stated import last_statement

_SECONDS = 5


def boxed(text: str) -> list[str]:
    """The contents of all ``\\boxed{...}`` (and ``\\fbox``, ``\\boxed x``) of a text, in order, braces balanced."""
    found = []
    for match in re.finditer(r"\\(?:boxed|fbox)\s*", text):
        rest = text[match.end() :]
        if not rest.startswith("{"):
            simple = re.match(r"[^\s$.,]+", rest)
            if simple:
                found.append(simple.group())
            continue
        depth = 0
        for index, character in enumerate(rest):
            depth += (character == "{") - (character == "}")
            if depth == 0:
                found.append(rest[1:index].strip())
                break
    return found


def extract_latex(text: str) -> str | None:
    """The final expression: the last box, else what is stated after "The answer is", else a last formula or number."""
    stated = last_statement(text)
    boxes = boxed(stated if stated is not None else text)
    if boxes:
        return boxes[-1] or None
    if stated is None:
        formulas = re.findall(r"\$([^$]+)\$", text)
        if formulas:
            return str(formulas[-1]).strip() or None
        bare = text.strip().rstrip(".")
        return bare if bare and len(bare) <= 60 and len(bare.split()) <= 4 else None
    # Up to the end of the sentence: a dot that no digit follows, outside of formulas.
    sentence = re.split(r"\.(?=\s|$)", stated, maxsplit=1)[0].strip()
    whole = re.fullmatch(r"\\?[\[(]?\s*\$+(.+?)\$+\s*\\?[\])]?", sentence)
    cleaned = (whole.group(1) if whole else sentence).strip()
    return cleaned or None


def normalised_latex(text: str) -> str:
    """One spelling for what is the same on paper: no spacing commands, one name per fraction, no dollar or degree dress."""
    text = re.sub(r"\\(?:left|right|displaystyle|!|,|;|:| )", "", text)
    text = re.sub(r"\\[dt]frac", r"\\frac", text)
    text = re.sub(r"\\text\s*\{([^{}]*)\}", r"\1", text)
    text = re.sub(r"\\mbox\s*\{([^{}]*)\}", r"\1", text)
    text = text.replace("\\$", "").replace("$", "").replace("\\%", "").replace("%", "")
    text = text.replace("^{\\circ}", "").replace("^\\circ", "")
    text = re.sub(r"\\frac(\d)(\d)", r"\\frac{\1}{\2}", text)
    return re.sub(r"\s+", "", text).rstrip(".").lower()


@lru_cache(maxsize=65536)
def latex_equal(left: str, right: str) -> bool:
    """Whether two expressions mean the same: by spelling, as numbers, else by math-verify within its time limit."""
    if normalised_latex(left) == normalised_latex(right) or numbers_equal(left, right):
        return True
    from math_verify import parse, verify

    try:
        gold, given = (parse(f"${text}$", parsing_timeout=_SECONDS) for text in (right, left))
        return bool(gold and given and verify(gold, given, timeout_seconds=_SECONDS))
    except Exception:
        return False
