"""Tables in local files: JSON Lines, JSON, CSV, TSV (each also packed with gzip), Parquet and Arrow."""

from __future__ import annotations

import csv
import gzip
import json
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from gradus.runtime.atomic import sha256_bytes, sha256_file
from gradus.runtime.delimited import csv_hint, delimited, encoding_hint
from gradus.runtime.errors import UserError
from gradus.runtime.folders import files_below

# Where a row stands (file, or file and kind of count), its line where it has one, and the row.
Located = tuple[str, int | None, dict[str, object]]
_A_ROW_AN_OBJECT = "an object a row: [{...}, {...}]; pandas writes it with orient='records'"
_SHEETS = (".xlsx", ".xls", ".ods")
_LISTED = 8  # files that a message names


def rows_in(path: Path) -> Iterator[Located]:
    """The rows of one file, read by its ending; a UserError names file and line of the first that is no row."""
    reader = READERS.get(ending(path))
    if reader is None:
        raise UserError("no table that can be read", where=path, hint=_other(path))
    return reader(path)


def ending(path: Path) -> str:
    """The ending that tells the format: that before ``.gz`` where there is one (``csv`` of ``a.csv.gz``)."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes[-1:] == [".gz"]:
        suffixes.pop()
    return suffixes[-1].removeprefix(".") if suffixes else ""


def files_in(folder: Path) -> list[Path]:
    """The tables of a folder and of those in it, sorted; what stands beside tables (cards, hidden files) is left out."""
    return [
        path
        for path in files_below(folder)
        if ending(path) in READERS
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.name not in ("dataset_info.json", "dataset_dict.json", "dataset_infos.json", "state.json")
    ]


def files_of_split(folder: Path, split: str) -> list[Path]:
    """The files of one split in a folder: of that name, in the folder of that name, or with names that begin so (shards).

    Raises UserError where there is none, naming those that are there.
    """
    named = folder / split
    if named.is_file():
        return [named]
    files = files_in(named) if named.is_dir() else []
    if not files:
        tables = files_in(folder)
        stems = {path: path.name.split(".")[0] for path in tables}
        files = [path for path in tables if stems[path] == split]
        if len(files) > 1:
            listed = ", ".join(str(path.relative_to(folder)) for path in files)
            raise UserError(f"several files of the split {split!r}: {listed}", where=folder, hint="keep one of them")
        files = files or [path for path in tables if stems[path].startswith((f"{split}-", f"{split}_"))]
    if not files:
        there = ", ".join(str(path.relative_to(folder)) for path in files_in(folder)[:_LISTED])
        hint = f"there is {there}; `splits: {{train: NAME, test: NAME}}` names them" if there else no_table(folder)
        raise UserError(f"no file of the split {split!r}", where=folder, hint=hint)
    return files


def no_table(folder: Path) -> str:
    """What a folder without a table has instead, and what to do about it."""
    others = [path for path in files_below(folder) if not path.name.startswith(".")]
    if not others:
        return "there is no table"
    names = ", ".join(str(path.relative_to(folder)) for path in others[:_LISTED])
    return f"there is no table that can be read, but {names}; {_other(others[0])}"


def content_of(paths: list[Path]) -> str:
    """The content of files as one hash: of a single file its own SHA-256."""
    if len(paths) == 1:
        return f"sha256:{sha256_file(paths[0])}"
    return "sha256:" + sha256_bytes("\n".join(f"{path.name} {sha256_file(path)}" for path in paths).encode())


def _other(path: Path) -> str:
    if path.suffix.lower() in _SHEETS:
        return "save the sheet as CSV (UTF-8)"
    return f"accepted: {', '.join(READERS)}; jsonl, json, csv and tsv also with .gz"


def _bytes(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if path.suffix.lower() == ".gz" else content
    except FileNotFoundError:
        raise UserError("no such file", where=path) from None
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"cannot be read: {error}", where=path) from None


def _decoded(content: bytes, path: Path, line: int) -> str:
    """UTF-8 that begins on a line of a file."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line += content[: error.start].count(b"\n")
        raise UserError("not UTF-8 text", where=path, line=line, hint=encoding_hint(content)) from None
    if "\0" in text:
        line += text[: text.index("\0")].count("\n")
        raise UserError(
            "not UTF-8 text, for it holds a NUL character", where=path, line=line, hint=encoding_hint(content)
        )
    return text


def _json_lines(path: Path) -> Iterator[Located]:
    # Lines end at \n alone: str.splitlines also ends them at U+2028, which may stand in a text.
    for line, raw in enumerate(_bytes(path).removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not raw.strip():
            continue
        yield str(path), line, _object(_parsed(_decoded(raw, path, line), path, line), str(path), line)


def _json(path: Path) -> Iterator[Located]:
    content = _decoded(_bytes(path).removeprefix(b"\xef\xbb\xbf"), path, 1)
    try:
        found = json.loads(content)
    except RecursionError:
        raise UserError("no JSON that can be read: lists within lists without end", where=path) from None
    except ValueError as error:
        if "Extra data" in str(error):
            yield from _json_lines(path)
            return
        raise UserError(f"not valid JSON: {error}", where=path) from None
    if isinstance(found, dict):
        lists = [value for value in found.values() if isinstance(value, list)]
        if len(lists) != 1:
            raise UserError("expected a list of objects", where=path, hint=_A_ROW_AN_OBJECT)
        found = lists[0]
    if not isinstance(found, list):
        raise UserError("expected a list of objects", where=path, hint=_A_ROW_AN_OBJECT)
    for number, row in enumerate(found, 1):
        where = f"{path}, row {number}"
        yield where, None, _object(row, where, None)


def _parsed(text: str, path: Path, line: int) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        what = "no JSON that can be read: lists within lists without end"
        raise UserError(what, where=path, line=line) from None
    except ValueError as error:
        raise UserError(f"not valid JSON: {str(error).partition(';')[0]}", where=path, line=line) from None


def _object(value: Any, where: str, line: int | None) -> dict[str, object]:
    if not isinstance(value, dict):
        hint = "a line is an object; a list of objects is a .json file" if line is not None else _A_ROW_AN_OBJECT
        raise UserError("expected a JSON object", where=where, line=line, hint=hint)
    return value


def _delimited(path: Path) -> Iterator[Located]:
    text = _decoded(_bytes(path).removeprefix(b"\xef\xbb\xbf"), path, 1)
    table = delimited(text, ending(path) == "tsv")
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    reader = csv.reader(table.stream, delimiter=table.sign, strict=True)
    first = begins = table.lines_before + 1
    try:
        names = [name.strip() for name in next(reader, [])]
        if not any(names):
            raise UserError("no line with the names of the columns", where=path, line=first)
        repeated = sorted({name for name in names if names.count(name) > 1 and name})
        if repeated:
            raise UserError(f"two columns are called {repeated[0]!r}", where=path, line=first)
        begins = reader.line_num + first
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if len(cells) != len(names):
                    raise UserError(
                        f"{len(cells)} cells, but {len(names)} columns have names",
                        where=path,
                        line=begins,
                        hint="a cell with a comma or a line break stands in quotes",
                    )
                yield str(path), begins, dict(zip(names, cells, strict=True))
            begins = reader.line_num + first
    except csv.Error as error:
        raise UserError(f"no valid row: {error}", where=path, line=begins, hint=csv_hint(error)) from None


def _parquet(path: Path) -> Iterator[Located]:
    from pyarrow import ArrowException, parquet

    try:
        rows = parquet.read_table(path).to_pylist()
    except (ArrowException, OSError, ValueError) as error:
        raise UserError(f"cannot be read as Parquet: {error}", where=path) from None
    for number, row in enumerate(rows, 1):
        yield f"{path}, row {number}", None, row


def _arrow(path: Path) -> Iterator[Located]:
    from pyarrow import ArrowException, ipc

    try:
        try:
            rows = ipc.open_stream(path.read_bytes()).read_all().to_pylist()
        except ArrowException:
            rows = ipc.open_file(path.read_bytes()).read_all().to_pylist()
    except (ArrowException, OSError, ValueError) as error:
        raise UserError(f"cannot be read as Arrow: {error}", where=path) from None
    for number, row in enumerate(rows, 1):
        yield f"{path}, row {number}", None, row


READERS: dict[str, Callable[[Path], Iterator[Located]]] = {
    "jsonl": _json_lines,
    "ndjson": _json_lines,
    "json": _json,
    "csv": _delimited,
    "tsv": _delimited,
    "parquet": _parquet,
    "arrow": _arrow,
}
