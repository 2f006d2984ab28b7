"""A whole table read: every row by the same reader, and all that does not fit told in one message."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gradus.data.datasets.columns import text_at
from gradus.data.datasets.reading import Reader, Reading, Row
from gradus.data.datasets.rows import Rows
from gradus.records.vocabulary import Split
from gradus.runtime.errors import UserError
from gradus.study.config.columns import Splits

# A row's number in its source, where it stands, and what it says (None where it has no answer).
Numbered = tuple[int, str, Reading | None]
NAMED = 5  # rows that a message names


@dataclass(frozen=True)
class Table:
    """Rows, who reads them, whose rows they should be (None: the study file says), terms, and which rows are asked for."""

    rows: Rows
    reader: Reader
    title: str | None
    terms: str
    wanted: Callable[[Row], bool]


def read_all(table: Table) -> list[Numbered]:
    """The wanted rows of a table in order; one UserError for all rows that do not fit, the first with its reason."""
    found: list[Numbered] = []
    wrong: list[tuple[str, int | None, str]] = []
    for number, (where, line, row) in enumerate(table.rows.rows):
        try:
            if table.wanted(row):
                reading = table.reader(row)
                found.append((number, f"{where}:{line}" if line is not None else where, _checked(reading)))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            wrong.append((where, line, f"no field {error}" if isinstance(error, KeyError) else str(error)))
    if wrong:
        where, line, what = wrong[0]
        of = "" if table.title is None else f"not a row of {table.title}: "
        raise UserError(f"{of}{what}{_others(wrong)}", where=where, line=line)
    return found


def wanted_subjects(subjects: Sequence[str] | None) -> Callable[[Row], bool]:
    """Rows of some subjects of MATH, which are spelled in three ways in the wild; compared here by their letters."""
    letters = None if subjects is None else {_letters(subject) for subject in subjects}
    return lambda row: letters is None or _letters(str(row.get("type", ""))) in letters


def wanted_rows(splits: Splits, split: Split) -> Callable[[Row], bool]:
    """Rows that belong to a split by a column; all of them where no column says so."""
    if splits.field is None:
        return lambda row: True
    field, name = splits.field, splits.test if split == "test" else splits.train
    return lambda row: text_at(row, field) == name


def _letters(text: str) -> str:
    return "".join(character for character in text.lower().replace("&", "and") if character.isalpha())


def _checked(reading: Reading | None) -> Reading | None:
    """Refuses halves of characters, which no file can hold."""
    if reading is not None:
        try:
            "".join([reading.question, reading.answer, reading.rationale or "", *(reading.choices or ())]).encode()
        except UnicodeEncodeError:
            raise ValueError("half a character (a lone surrogate, like \\ud83d) in its text") from None
    return reading


def _others(wrong: Sequence[tuple[str, int | None, str]]) -> str:
    if len(wrong) == 1:
        return ""
    lines = [str(line) if line is not None else where.rpartition(" ")[2] for where, line, _ in wrong[1 : NAMED + 1]]
    more = ", ..." if len(wrong) > NAMED + 1 else ""
    return f"; {len(wrong) - 1} more rows do not fit ({', '.join(lines)}{more})"
