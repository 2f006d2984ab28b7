"""Values of rows: texts, numbers, choices and verdicts in the spellings that programs give them."""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Mapping
from typing import Any

from gradus.evaluation.formats.files import Row
from gradus.records.vocabulary import LETTERS
from gradus.runtime.errors import UserError

_LETTERED = re.compile(r"\s*\(?([A-Z])\s*[).:]\s*")


def text_of(value: Any) -> str | None:
    """A text, number or boolean as text, whole numbers without a point; None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int):
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return str(int(value)) if value.is_integer() else repr(value)
    return None


def named(row: Row, name: str, where: str) -> str:
    """The text under a name; UserError where there is none, or what is there is neither text nor number."""
    found = text_of(row.get(name))
    if found is None:
        raise UserError(f"no text under {name!r}", where=where, hint=_instead(row, name))
    return found


def optional(row: Mapping[str, Any], *names: str) -> str | None:
    """The text under the first of some names that has one."""
    return next((found for name in names if (found := text_of(row.get(name))) is not None), None)


def index(row: Row, name: str, where: str) -> int:
    """The whole number under a name; UserError where there is none."""
    found = text_of(row.get(name))
    if found is None or not re.fullmatch(r"\d{1,9}", found.strip()):
        raise UserError(f"no whole number under {name!r}", where=where, hint=_instead(row, name))
    return int(found)


def golds_of(value: Any) -> tuple[str, ...]:
    """One accepted answer or several; none where there is no text."""
    values = value if isinstance(value, list | tuple) else [value]
    return tuple(found for one in values if (found := text_of(one)) is not None and found.strip())


def choices_of(value: Any, where: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Texts and labels of the options: a list of texts (with their letters or without), the Hub's ``{label, text}``, or a list of
    such, an option by each letter, or one of these as text; None where there are none, or a text that is no list. UserError for
    anything else.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    labels: list[Any] | None = None
    if isinstance(value, str):
        value = _listed(value)
        if value is None:
            return None
    if isinstance(value, dict) and value and list(value) == list(LETTERS[: len(value)]):
        value = list(value.values())
    if isinstance(value, dict) and {"label", "text"} <= value.keys():
        labels, value = value["label"], value["text"]
    elif isinstance(value, list) and value and all(isinstance(one, dict) and "text" in one for one in value):
        labels = [one.get("label") for one in value]
        value = [one["text"] for one in value]
    texts = [text_of(one) for one in value] if isinstance(value, list | tuple) else []
    if len(texts) > len(LETTERS):
        raise UserError(f"{len(texts)} choices; at most {len(LETTERS)} can be told apart by letters", where=where)
    names = [text_of(one) for one in labels] if isinstance(labels, list) else list(LETTERS[: len(texts)])
    if not texts:
        if isinstance(value, list | tuple):
            return None
        raise UserError(f"choices that are no list but {type(value).__name__}", where=where)
    if any(one is None for one in [*texts, *names]) or len(texts) != len(names):
        raise UserError("choices that are not a list of texts, nor labels with as many texts", where=where)
    return _without_letters([str(one) for one in texts]), tuple(str(one) for one in names)


def _listed(text: str) -> Any:
    """The list or object that a cell of a table spells, as JSON or as Python prints it; None where it spells neither."""
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(text)
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            continue
        return found if isinstance(found, list | dict) else None
    return None


def _without_letters(texts: list[str]) -> tuple[str, ...]:
    """AQuA's ``A)21`` is 21, where every option names its own letter."""
    marks = [_LETTERED.match(text) for text in texts]
    if all(
        mark and mark[1] == letter and text[mark.end() :]
        for mark, letter, text in zip(marks, LETTERS, texts, strict=False)
    ):
        return tuple(_LETTERED.sub("", text, count=1) for text in texts)
    return tuple(texts)


def by_letter(gold: str, labels: tuple[str, ...]) -> str:
    """A gold answer that is one of the labels (``2``, ``B``) as the letter of its place."""
    if gold.strip() in labels:
        return LETTERS[labels.index(gold.strip())]
    return gold


def verdict(value: Any) -> float | None:
    """A score as a number: booleans, numbers, and inspect's letters (C, P, I, N); None for anything else."""
    if isinstance(value, str):
        spelled = value.strip().lower()
        if spelled in _VERDICTS:
            return _VERDICTS[spelled]
        try:
            value = float(spelled)
        except ValueError:
            return None
    if isinstance(value, bool | int | float) and math.isfinite(value):
        return float(value)
    return None


_VERDICTS = {"c": 1.0, "p": 0.5, "i": 0.0, "n": 0.0, "true": 1.0, "false": 0.0, "correct": 1.0, "incorrect": 0.0}


def _instead(row: Row, name: str) -> str:
    if name in row:
        return f"it is {type(row[name]).__name__}" if row[name] is not None else "it is null"
    return f"there are {', '.join(map(str, row)) or 'no fields'}"
