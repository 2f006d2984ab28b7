"""Advice: what to write instead of a value that YAML reads as another kind than was meant.

YAML 1.1 takes ``1e-5`` for a text, ``no`` for false and ``2024-01-01`` for a day; a message that shows the value alone says
nothing that its reader could see in the file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

_EXPONENT = re.compile(r"([-+]?\d+)(\.\d*)?[eE]([-+]?)(\d+)")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")
_FRACTION = re.compile(r"(\d+)/([1-9]\d*)")
_NUMBERS = ("int_type", "float_type", "int_from_float")
_QUOTES = "put it in quotes"


def advice(found: object, kind: str, of_a_list: bool) -> str:
    """What to write instead, for pydantic's ``kind`` of error; nothing where the message says it all.

    ``of_a_list``: the value stands where a list is asked for.
    """
    if isinstance(found, str) and of_a_list and "," in found:
        return f"a list stands in brackets: [{', '.join(part.strip() for part in found.split(','))}]"
    if kind in _NUMBERS:
        return _number(found, whole=kind != "float_type")
    if kind == "string_type":
        return _text(found)
    if kind == "list_type" and found is not None:
        return "a list stands in brackets, or with a dash before each entry"
    return ""


def brackets(found: str, accepted: Sequence[str]) -> str:
    """The beginning of a hint where one name is several names with commas between them, one of them accepted at least."""
    parts = [part.strip() for part in found.split(",")]
    if len(parts) < 2 or not any(part in accepted for part in parts):
        return ""
    return f"a list stands in brackets: [{', '.join(parts)}]; "


def _number(found: object, whole: bool) -> str:
    if isinstance(found, float):
        return f"write {int(found)}" if found.is_integer() else ""
    if not isinstance(found, str):
        return ""
    text = found.strip()
    if match := _EXPONENT.fullmatch(text):
        value = float(text)
        written = f"{match[1]}{match[2] if len(match[2] or '') > 1 else '.0'}e{match[3] or '+'}{match[4]}"
        if whole:
            written = str(int(value)) if value.is_integer() else ""
        return f"YAML reads {text} as a text: write {written}" if written else ""
    if not whole:
        if match := _PERCENT.fullmatch(text):
            return f"write {float(match[1]) / 100:g}"
        if match := _FRACTION.fullmatch(text):
            return f"write {int(match[1]) / int(match[2]):.4g}"
        if _DECIMAL_COMMA.fullmatch(text):
            return f"write {text.replace(',', '.')}"
    return "write it without quotes" if _is_number(text, whole) else ""


def _is_number(text: str, whole: bool) -> bool:
    try:
        int(text) if whole else float(text)
    except ValueError:
        return False
    return True


def _text(found: object) -> str:
    if isinstance(found, bool):
        words = "yes, on and true" if found else "no, off and false"
        return f"YAML reads {words} as {found}: put the word in quotes"
    if isinstance(found, int | float):
        return f"YAML reads a number: {_QUOTES}, '{found}'"
    if isinstance(found, date):
        return f"YAML reads a day: {_QUOTES}, '{found}'"
    return ""
