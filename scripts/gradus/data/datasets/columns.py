"""Rows read by their columns: what a study file says of a table, applied to one row."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from gradus.answers import canonical_answer
from gradus.answers.boxes import last_boxes
from gradus.answers.free_text import normalised_text
from gradus.answers.separators import has_doubtful_comma
from gradus.data.datasets.reading import FieldError, MissingField, Reading, Row
from gradus.records.vocabulary import LETTERS
from gradus.study.config.columns import ChoiceColumns, Columns

_PLACE = re.compile(r"\{\{|\}\}|\{([^{}]+)\}")
# "A) 3", "(b) 4", "2. 5"; but "1:2" is a ratio and "1.5" a number.
_LISTED = re.compile(r"^\s*\(?(?:[A-J]\s*(?:[):]\s*|\.\s+)|[1-9]\s*(?:\)\s*|[.:]\s+))")
_WORKINGS = re.compile(r"<<[^>]*>>")
_BOX = re.compile(r"\\(?:boxed|fbox)\s*(?=\{)")
_BOOLEANS = {"true": "True", "yes": "True", "1": "True", "false": "False", "no": "False", "0": "False"}
SHOWN = 60  # characters of a value in a message


def read_row(columns: Columns, row: Row) -> Reading | None:
    """A row as a problem; None where it has no answer and the mapping says to skip such rows.

    Raises FieldError for a column that is not there, holds no text (an image, say), or holds no answer of the kind.
    """
    question = _filled(columns.question, row)
    if not question:
        raise FieldError(columns.question, "the question is empty")
    labels, choices = (None, None) if columns.choices is None else _options(columns.choices, row)
    given = _value(row, columns.answer.field)
    if _is_absent(given, columns.form):
        if columns.without_answer == "skip":
            return None
        raise FieldError(columns.answer.field, "no answer (`without_answer: skip` leaves such rows out)")
    answer, doubtful = _answer(columns, given, labels, choices)
    identity = _filled(columns.id, row) if columns.id is not None else ""
    if columns.id is not None and not identity:
        raise FieldError(columns.id, "the id is empty")
    subject, difficulty = (
        _filled(one, row) if one is not None else None for one in (columns.subject, columns.difficulty)
    )
    rationale = _rationale(columns, row)
    return Reading(
        question,
        answer,
        columns.kind,
        choices,
        rationale,
        identity or None,
        doubtful,
        subject or None,
        difficulty or None,
    )


def text_at(row: Row, field: str) -> str:
    """A column's value as text; FieldError where it is not there or no text."""
    return _text(_value(row, field), field)


def _filled(template: str, row: Row) -> str:
    """A column's text, or a text with columns in braces; fields that are empty leave nothing, surrounding space goes."""
    if "{" not in template:
        return _text(_value(row, template), template)

    def place(match: re.Match[str]) -> str:
        return match[0][0] if match[1] is None else _text(_value(row, match[1]), match[1])

    return _PLACE.sub(place, template).strip()


def _value(row: Any, field: str) -> Any:
    """What a row holds under a name; where no column has it, its dots go into columns: ``choices.text``, ``options.0``."""
    if isinstance(row, dict) and field in row:
        return row[field]
    first, dot, rest = field.partition(".")
    if dot and isinstance(row, dict) and first in row:
        inside = row[first]
        if isinstance(inside, list) and rest.isdigit() and int(rest) < len(inside):
            return inside[int(rest)]
        try:
            return _value(inside, rest)
        except MissingField as error:
            raise MissingField(field, error.what) from None
    there = ", ".join(_visible(str(name)) for name in row) if isinstance(row, dict) else f"only {_shown(row)}"
    raise MissingField(field, f"there is {there}")


def _visible(name: str) -> str:
    """A column's name; in quotes where something in it cannot be seen: a no-break space, a line break, nothing at all."""
    return (
        name
        if name and all(sign == " " or (sign.isprintable() and not sign.isspace()) for sign in name)
        else repr(name)
    )


def _text(value: Any, field: str) -> str:
    """A cell as text without surrounding space; a list of texts as sentences; nothing for null."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int | float | Decimal):
        return _number(value)
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return " ".join(_sentence(item) for item in value if item.strip())
    if (isinstance(value, dict) and {"bytes", "path"} & set(value)) or hasattr(value, "getbands"):
        raise FieldError(field, "holds an image or a sound; problems are texts")
    raise FieldError(field, f"is no text, but {_shown(value)}")


def _number(value: float | Decimal) -> str:
    """A number in digits, without an exponent."""
    if isinstance(value, bool):
        return str(value)
    try:
        if isinstance(value, Decimal):
            return format(value, "f")
        return format(Decimal(repr(value)), "f") if isinstance(value, float) else str(value)
    except ValueError:  # an int of thousands of digits
        return repr(type(value))


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _is_absent(value: Any, form: str) -> bool:
    """Nothing there; what hidden answers of benchmarks look like counts as nothing."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return True
    return form == "index" and str(value).strip() == "-1"


def _options(columns: ChoiceColumns, row: Row) -> tuple[list[str] | None, tuple[str, ...]]:
    """Labels (where there is a column of them) and texts of the options, without letters that repeat their order."""
    if columns.fields is not None:
        texts = [_text(_value(row, name), name) for name in columns.fields]
        while texts and not texts[-1]:
            texts.pop()
        named = columns.fields[: len(texts)]
    else:
        field = str(columns.texts)
        texts = [_text(item, field) for item in _listed(_value(row, field), field, columns.separator)]
        named = [field] * len(texts)
    if not 2 <= len(texts) <= len(LETTERS):
        raise FieldError(named[0] if named else "choices", f"has {len(texts)} options, expected 2 to {len(LETTERS)}")
    for name, text in zip(named, texts, strict=True):
        if not text:
            raise FieldError(name, "an option is empty")
    labels = None
    if columns.labels is not None:
        found = _listed(_value(row, columns.labels), columns.labels, columns.separator)
        labels = [_text(item, columns.labels) for item in found]
        if len(labels) != len(texts) or len(set(labels)) != len(labels):
            raise FieldError(columns.labels, f"{labels} do not label {len(texts)} options")
    return labels, tuple(_bare(texts))


def _bare(texts: Sequence[str]) -> list[str]:
    """Options without the letters or numbers in front of them, where all have theirs, in order: ``A) 3``, ``(B) 4``."""
    marks = [match[0].strip(" ().:") if (match := _LISTED.match(text)) else "" for text in texts]
    if marks in ([*LETTERS[: len(texts)]], [str(number) for number in range(1, len(texts) + 1)]):
        bare = [_LISTED.sub("", text, count=1).strip() for text in texts]
        return bare if all(bare) else list(texts)
    return list(texts)


def _listed(value: Any, field: str, separator: str | None) -> list[Any]:
    """A list, as a column holds it: itself, a JSON list, or one text with separators."""
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, str) and separator is not None:
        return [part.strip() for part in value.split(separator)]
    if isinstance(value, str):
        try:
            found = json.loads(value)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, list):
            return found
    hint = "" if separator is not None else "; a text needs `choices: {texts: ..., separator: ...}`"
    raise FieldError(field, f"is no list of options, but {_shown(value)}{hint}")


def _answer(
    columns: Columns, given: Any, labels: Sequence[str] | None, choices: Sequence[str] | None
) -> tuple[str, bool]:
    """The canonical answer, and whether the row leaves it in doubt: by two boxes."""
    field, form, kind = columns.answer.field, columns.form, columns.kind
    doubtful = False
    text = _text(given, field)
    if form == "index":
        answer = _by_index(text, field, columns.answer.first, choices or ())
    elif form == "boolean":
        answer = _BOOLEANS.get(text.lower())
    elif form == "letter":
        answer = _by_label(text, labels, choices or ())
    else:
        if form == "after":
            before, mark, text = text.rpartition(str(columns.answer.mark))
            if not mark:
                raise FieldError(field, f"has no {columns.answer.mark!r}: {_shown(before or given)}")
        elif form == "boxed":
            boxes = last_boxes(text)
            if not boxes:
                raise FieldError(field, f"has no \\boxed{{...}}: {_shown(given)}")
            text, doubtful = boxes[-1], len(boxes) > 1
        if kind == "choice" and form == "text":
            answer = _by_text(text, field, choices or ())
        elif kind == "boolean":
            answer = _BOOLEANS.get(text.strip().rstrip(".").lower())
        else:
            answer = canonical_answer(text, kind, choices)
            if answer is not None and kind == "number" and has_doubtful_comma(text):
                raise FieldError(field, f"{_shown(given)}: a decimal comma, or thousands? write 3.5 and 1234")
    if answer is None:
        expected = {"number": "a number", "boolean": "true or false", "choice": "one of the options"}.get(
            kind, "an answer"
        )
        raise FieldError(field, f"{_shown(given)} is not {expected}{_advice(columns, choices)}")
    return answer, doubtful


def _advice(columns: Columns, choices: Sequence[str] | None) -> str:
    if columns.kind == "number":
        return " (a number is written 1234, 3.5 or 2/3, without a unit; an answer in words is `kind: text`)"
    if columns.kind == "boolean":
        return f" (read are {', '.join(_BOOLEANS)})"
    if columns.kind == "choice":
        last = LETTERS[len(choices or ()) - 1]
        read = {"letter": f"a label, A to {last}", "text": "the text of an option"}.get(columns.form, "a letter")
        return f" (read as {read}; `answer: {{field: ..., as: ...}}` also takes letter, index, text)"
    return ""


def _by_index(text: str, field: str, first: int, choices: Sequence[str]) -> str | None:
    if not re.fullmatch(r"\d{1,3}(?:\.0)?", text):
        raise FieldError(field, f"{_shown(text)} is no index of an option")
    position = int(float(text)) - first
    if not 0 <= position < len(choices):
        last = first + len(choices) - 1
        raise FieldError(
            field, f"{text} is beyond the {len(choices)} options, {first} to {last} (`answer.first: 1` counts from 1)"
        )
    return LETTERS[position]


def _by_label(text: str, labels: Sequence[str] | None, choices: Sequence[str]) -> str | None:
    if labels is not None:
        return LETTERS[labels.index(text)] if text in labels else None
    letter = text.strip("()[].: ").upper()
    return letter if len(letter) == 1 and letter in LETTERS[: len(choices)] else None


def _by_text(text: str, field: str, choices: Sequence[str]) -> str | None:
    """The letter of the option with that text: to the letter, else as free texts are compared."""
    for same in (
        lambda choice: choice == text.strip(),
        lambda choice: normalised_text(choice) == normalised_text(text),
    ):
        found = [letter for letter, choice in zip(LETTERS, choices, strict=False) if same(choice)]
        if len(found) > 1:
            raise FieldError(field, f"{_shown(text)} is the text of several options, {' and '.join(found)}")
        if found:
            return found[0]
    return None


def _rationale(columns: Columns, row: Row) -> str | None:
    if columns.rationale is None:
        return None
    text = _filled(columns.rationale, row)
    if columns.rationale == columns.answer.field and columns.form == "after":
        text = _WORKINGS.sub("", text.rpartition(str(columns.answer.mark))[0])
    if columns.rationale == columns.answer.field and columns.form == "boxed":
        text = _BOX.sub("", text)
    return text.strip() or None
