"""What files hold, whatever they are called: packed or not, with a byte order mark or not, ``-`` for the standard input."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
import zlib
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from gradus.runtime.delimited import csv_hint, delimited, encoding_hint
from gradus.runtime.errors import Mistakes, UserError

Row = dict[str, Any]
Rows = Iterator[tuple[str, Row]]

STDIN = "-"
_BOM = b"\xef\xbb\xbf"
_GZIP, _PARQUET, ZIP = b"\x1f\x8b", b"PAR1", b"PK\x03\x04"


def shown(path: str | Path) -> str:
    """A file's name in messages."""
    return "standard input" if str(path) == STDIN else str(path)


def content(path: str | Path) -> bytes:
    """The bytes of a file, unpacked; UserError where it is absent, a folder or torn."""
    if str(path) == STDIN:
        data = sys.stdin.buffer.read()
    else:
        try:
            data = Path(path).read_bytes()
        except FileNotFoundError:
            raise UserError("no such file", where=path) from None
        except IsADirectoryError:
            raise UserError("a folder, not a file", where=path) from None
    if data.startswith(_GZIP):
        try:
            data = gzip.decompress(data)
        except (EOFError, OSError, zlib.error) as error:
            raise UserError(f"cannot be unpacked: {error}", where=shown(path)) from None
    return data.removeprefix(_BOM)


def rows(data: bytes, path: str | Path, bad: Mistakes | None = None) -> Rows:
    """The rows of a table with file and line: parquet, JSON lines, a JSON list, CSV by its name; UserError for anything else.

    ``bad`` collects lines that are no row, and the others are read.
    """
    name = str(path).lower().removesuffix(".gz")
    if data.startswith(_PARQUET):
        return _parquet(data, path)
    if data.startswith(ZIP):
        raise UserError("a zip file that is no inspect log", where=shown(path), hint="unpack it first")
    if name.endswith((".csv", ".tsv")):
        return _csv(data, path, bad)
    if data.lstrip()[:1] == b"[":
        return _listed(whole(data, path), path, bad)
    if data.lstrip()[:1] == b"{" and isinstance(one := _single(data), dict) and data.strip().count(b"\n"):
        return _listed(_only_list(one, path), path, bad)
    return _lines(data, path, bad)


def whole(data: bytes, path: str | Path) -> Any:
    """The one value of a JSON file; UserError where it is none."""
    return _parsed(_text(data, path), shown(path))


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise UserError(f"no JSON: {str(error).partition(';')[0]}", where=where) from None
    except RecursionError:
        raise UserError("no JSON that can be read: lists within lists without end", where=where) from None


def _single(data: bytes) -> Any:
    """The one value that a file holds; None where there are several, or none."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _only_list(value: Row, path: str | Path) -> list[Any]:
    """The rows of an object over several lines: its only list; UserError where there is not one."""
    lists = [one for one in value.values() if isinstance(one, list)]
    if len(lists) != 1:
        keys = ", ".join(list(value)[:8])
        hint = "rows are a list of objects, or an object a line"
        raise UserError(f"one JSON object with {keys or 'no keys'}", where=shown(path), hint=hint)
    return lists[0]


def _lines(data: bytes, path: str | Path, bad: Mistakes | None) -> Rows:
    """Lines end at a line feed and nowhere else: a text may hold U+2028 as it is."""
    for number, line in enumerate(io.BytesIO(data), 1):
        if not line.strip():
            continue
        where = f"{shown(path)}:{number}"
        with bad or nullcontext():
            try:
                text = line.decode("utf-8")
            except UnicodeDecodeError as error:
                what = f"no UTF-8: {error.reason} at byte {error.start + 1} of the line"
                raise UserError(what, where=where, hint=encoding_hint(data)) from None
            yield where, _object(_parsed(text, where), where)


def _listed(values: Any, path: str | Path, bad: Mistakes | None) -> Rows:
    for number, row in enumerate(values, 1):
        where = f"{shown(path)}, element {number}"
        with bad or nullcontext():
            yield where, _object(row, where)


def _object(row: Any, where: str) -> Row:
    if not isinstance(row, dict):
        raise UserError("no JSON object", where=where)
    return row


def _csv(data: bytes, path: str | Path, bad: Mistakes | None) -> Rows:
    """Between the fields stands what stands between the names of the columns: a comma, a semicolon or a tab."""
    csv.field_size_limit(sys.maxsize)
    text = _text(data, path)
    table = delimited(text, is_tabbed=str(path).lower().removesuffix(".gz").endswith(".tsv"))
    before = table.lines_before
    reader = csv.DictReader(table.stream, delimiter=table.sign, strict=True)
    try:
        names = list(reader.fieldnames or ())
    except csv.Error as error:
        raise UserError(f"no CSV: {error}", where=f"{shown(path)}:{before + 1}", hint=csv_hint(error)) from None
    # A spreadsheet's empty columns have no names.
    if twice := next((name for name in names if name.strip() and names.count(name) > 1), None):
        raise UserError(f"two columns are called {twice!r}", where=f"{shown(path)}:{before + 1}")
    while True:
        begin = before + reader.reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            wrong = UserError(f"no CSV: {error}", where=f"{shown(path)}:{begin}", hint=csv_hint(error))
            if (
                bad is None or before + reader.reader.line_num > begin
            ):  # a quote that never closes takes all that follows with it
                raise wrong from None
            bad.found.append(wrong)
            continue
        if row is None:
            return
        with bad or nullcontext():
            where = f"{shown(path)}:{before + reader.line_num}"
            if None in row or None in row.values():
                hint = "a field with the sign that stands between fields is written in quotes"
                what = f"the line has more or fewer fields than the {len(names)} that the first line names"
                raise UserError(what, where=where, hint=hint)
            yield where, row


def _parquet(data: bytes, path: str | Path) -> Rows:
    try:
        from pyarrow import ArrowException, BufferReader
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise UserError("a parquet file needs the package pyarrow", where=shown(path)) from None
    try:
        number = 0
        for batch in ParquetFile(BufferReader(data)).iter_batches(batch_size=1024):
            for row in batch.to_pylist():
                number += 1
                yield f"{shown(path)}, row {number}", row
    except (ArrowException, OSError) as error:
        raise UserError(f"no parquet: {str(error).splitlines()[0]}", where=shown(path)) from None


def _text(data: bytes, path: str | Path) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UserError(f"no UTF-8: {error.reason}", where=f"{shown(path)}:{line}", hint=encoding_hint(data)) from None
    if "\0" in text and data.lstrip()[:1] not in (b"[", b"{"):
        raise UserError("no text: it holds a NUL character", where=shown(path), hint=encoding_hint(data))
    return text
