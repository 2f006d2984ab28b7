"""What files hold, whatever they are called: packed or not, with a byte order mark or not, ``-`` for the standard input."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gradus.runtime.errors import UserError

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


def rows(data: bytes, path: str | Path) -> Rows:
    """The rows of a table with file and line: parquet, JSON lines, a JSON list, CSV by its name; UserError for anything else."""
    name = str(path).lower().removesuffix(".gz")
    if data.startswith(_PARQUET):
        return _parquet(data, path)
    if data.startswith(ZIP):
        raise UserError("a zip file that is no inspect log", where=shown(path), hint="unpack it first")
    if name.endswith((".csv", ".tsv")):
        return _csv(data, path, "\t" if name.endswith(".tsv") else ",")
    if data.lstrip()[:1] == b"[":
        return _listed(data, path)
    return _lines(data, path)


def whole(data: bytes, path: str | Path) -> Any:
    """The one value of a JSON file; UserError where it is none."""
    try:
        return json.loads(_text(data, path))
    except ValueError as error:
        raise UserError(f"no JSON: {error}", where=shown(path)) from None


def _lines(data: bytes, path: str | Path) -> Rows:
    """Lines end at a line feed and nowhere else: a text may hold U+2028 as it is."""
    for number, line in enumerate(io.BytesIO(data), 1):
        if not line.strip():
            continue
        where = f"{shown(path)}:{number}"
        try:
            row = json.loads(line.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise UserError(f"no UTF-8: {error.reason} at byte {error.start + 1} of the line", where=where) from None
        except ValueError as error:
            raise UserError(f"no JSON: {error}", where=where) from None
        yield where, _object(row, where)


def _listed(data: bytes, path: str | Path) -> Rows:
    for number, row in enumerate(whole(data, path), 1):
        where = f"{shown(path)}, element {number}"
        yield where, _object(row, where)


def _object(row: Any, where: str) -> Row:
    if not isinstance(row, dict):
        raise UserError("no JSON object", where=where)
    return row


def _csv(data: bytes, path: str | Path, delimiter: str) -> Rows:
    csv.field_size_limit(sys.maxsize)
    reader = csv.DictReader(io.StringIO(_text(data, path), newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            where = f"{shown(path)}:{reader.line_num}"
            if None in row or None in row.values():
                raise UserError(
                    f"the line has not {len(reader.fieldnames or ())} fields, as the first one", where=where
                )
            yield where, row
    except csv.Error as error:
        raise UserError(f"no CSV: {error}", where=f"{shown(path)}:{reader.line_num}") from None


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
    except ArrowException as error:
        raise UserError(f"no parquet: {str(error).splitlines()[0]}", where=shown(path)) from None


def _text(data: bytes, path: str | Path) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UserError(f"no UTF-8: {error.reason}", where=f"{shown(path)}:{line}") from None
