"""Tables as text: which sign stands between the cells, and what is wrong with a row, told to who saved the file."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass

_SIGNS = ",;\t"
_LONGEST = 100_000  # characters of the line with the names
_EXCELS_LINE = re.compile(r'"?sep=([,;\t|])"?[,;\t|]*\r?\n', re.IGNORECASE)


@dataclass(frozen=True)
class Delimited:
    """A table as a stream, the sign between its cells, and how many lines stand before the stream."""

    stream: io.StringIO
    sign: str
    lines_before: int


def delimited(text: str, is_tabbed: bool = False) -> Delimited:
    """The sign between the names of the columns, of comma, semicolon and tab the one that stands there most often.

    Signs inside a quoted name do not count. A first line ``sep=;``, which Excel writes and reads, names the sign itself.
    """
    stream = io.StringIO(text, newline="")
    named = _EXCELS_LINE.match(text)
    if named:
        stream.readline()
        return Delimited(stream, named[1], 1)
    names = _unquoted_names(text)
    return Delimited(stream, "\t" if is_tabbed else max(_SIGNS, key=names.count), 0)  # of equals the first


def _unquoted_names(text: str) -> str:
    """The names of the columns, to the end of their line, without what stands in quotes."""
    outside = ""
    for number, part in enumerate(text[:_LONGEST].split('"')):
        if number % 2 == 0:
            line, ended, _ = part.partition("\n")
            outside += line
            if ended:
                break
    # A quote that is no pair, as in inches, hides signs that are none of its text.
    return outside if any(sign in outside for sign in _SIGNS) else text.partition("\n")[0]


def csv_hint(error: csv.Error) -> str | None:
    """What to do about a row that ``csv`` refuses; None where its own words say it."""
    if "end of data" in str(error):
        return "a quote that opens in this row is never closed"
    return 'a quote inside a quoted cell is written twice: ""' if "expected after" in str(error) else None


def encoding_hint(content: bytes) -> str:
    """What to do about content that is no UTF-8 text."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in content[:100]:
        return "it is UTF-16: save it as UTF-8"
    if content.startswith(b"PK\x03\x04"):
        return "it is a spreadsheet, or another zip file, under this name: save the sheet as CSV (UTF-8)"
    return "save it as UTF-8"
