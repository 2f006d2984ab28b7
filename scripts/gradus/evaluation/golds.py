"""Gold answers as datasets and programs spell them: a solution with ``#### 18``, a box, ``(B)``, ``A)21``, true as a boolean."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradus.answers import canonical_answer
from gradus.answers.boxes import boxed
from gradus.answers.separators import has_doubtful_comma
from gradus.records.vocabulary import LETTERS, AnswerKind
from gradus.runtime.errors import UserError

_LETTER = re.compile(r"\s*\(?([A-J])\)?\s*(?:[).:].*)?", re.DOTALL)


def read_gold(
    given: str | int | float | bool, kind: AnswerKind, choices: Sequence[str] | None, where: str | None = None
) -> str:
    """The canonical answer; UserError where what is given is no answer of the kind."""
    text = _spelled(given)
    found = None
    for form in _forms(text, kind, choices):
        if found is None:
            found = canonical_answer(form, kind, choices)
            if found is not None and kind == "number" and has_doubtful_comma(form):
                what = f"{form!r}: a decimal comma, or thousands?"
                raise UserError(what, where=where, hint="write gold numbers as 3.5 and 1234")
    if found is None:
        shown = text if len(text) <= 80 else f"{text[:77]}..."
        raise UserError(f"{shown!r} is no answer of the kind {kind!r}", where=where, hint=_hint(kind, choices))
    return found


def _spelled(given: str | int | float | bool) -> str:
    if isinstance(given, float) and given.is_integer():
        return str(int(given))
    return str(given)


def _forms(text: str, kind: AnswerKind, choices: Sequence[str] | None) -> list[str]:
    """The spellings in which an answer may hide, in the order in which they are tried."""
    _, mark, after = text.rpartition("####")
    forms = [after.strip()] if mark else []
    if kind in ("number", "latex") and (boxes := boxed(text)):
        forms.append(boxes[-1])
    if kind == "choice" and (lettered := _LETTER.fullmatch(text)) and lettered[1] in LETTERS[: len(choices or LETTERS)]:
        return [text, lettered[1]]
    if kind == "latex" and len(text) > 2 and text.startswith("$") and text.endswith("$") and "$" not in text[1:-1]:
        forms.append(text[1:-1])
    return [*forms, text]


def _hint(kind: AnswerKind, choices: Sequence[str] | None) -> str | None:
    if kind == "choice":
        return f"the letter or text of one of {len(choices or ())} options" if any(choices or ()) else "a letter"
    return {"number": "a number, or a text that ends in #### and one", "boolean": "true or false"}.get(kind)
