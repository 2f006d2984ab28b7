"""Reading and writing record files: strict on reading, whole or absent on writing, a manifest beside each.

The manifest is small and holds the hash of the content, so that Snakemake decides by content where a file may pass its
checksum limit of 1 MB.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from gradus.runtime.atomic import atomic_writer, canonical_json, sha256_file, write_json
from gradus.runtime.errors import UserError, json_fault
from gradus.runtime.record import Record

R = TypeVar("R", bound=Record)


def manifest_path(path: str | Path) -> Path:
    """``x.jsonl`` -> ``x.manifest.json``."""
    return Path(path).with_suffix(".manifest.json")


def read_objects(path: str | Path) -> Iterator[tuple[int, Any]]:
    """Yield (line number from 1, parsed value); refuse a truncated or malformed line with file and line."""
    path = Path(path)
    try:
        stream = open(path, "rb")  # noqa: SIM115 - the error is told apart from those inside
    except FileNotFoundError:
        raise UserError("no such file", where=path) from None
    with stream:
        for number, raw in enumerate(stream, 1):
            if not raw.endswith(b"\n"):
                raise UserError("truncated line: no newline at the end", where=path, line=number)
            try:
                yield number, json.loads(raw)
            except (ValueError, RecursionError) as error:
                raise UserError(json_fault(error), where=path, line=number) from None


def read_records(path: str | Path, kind: type[R]) -> list[R]:
    """All records of a file.

    Refuses an empty file, a bad line, a second record with the same key, and a file that the manifest beside it contradicts.
    """
    records: list[R] = []
    seen: dict[str, int] = {}
    for number, value in read_objects(path):
        try:
            record = kind.from_json(value)
        except UserError as error:
            raise UserError(error.what, where=path, line=number, hint=error.hint) from None
        if record.key in seen:
            raise UserError(f"duplicate id {record.key!r}, first on line {seen[record.key]}", where=path, line=number)
        seen[record.key] = number
        records.append(record)
    if not records:
        raise UserError(f"the file is empty, expected at least one {kind.__name__.lower()}", where=path)
    if manifest_path(path).exists() and "sha256" in read_json(manifest_path(path)):
        read_manifest(path)
    return records


def write_records(
    path: str | Path, records: Iterable[Record], facts: Callable[[], dict[str, object]] | None = None, **manifest: Any
) -> None:
    """Write records and then their manifest ({rows, bytes, sha256} and what the caller adds).

    ``facts`` is asked after the last record: what only the drawing of the records tells.
    """
    rows = 0
    with atomic_writer(path) as stream:
        for record in records:
            stream.write(canonical_json(record.to_json()).encode("utf-8") + b"\n")
            rows += 1
    write_manifest(path, rows=rows, **manifest, **(facts() if facts is not None else {}))


def write_manifest(path: str | Path, **fields: Any) -> None:
    """Describe the content of ``path`` in the small file beside it."""
    path = Path(path)
    facts = {"file": path.name, "bytes": path.stat().st_size, "sha256": sha256_file(path), **fields}
    write_json(manifest_path(path), facts)


def read_manifest(path: str | Path) -> dict[str, object]:
    """The manifest of ``path`` (a data file), checked against the file's size and hash."""
    facts_path = manifest_path(path)
    facts: dict[str, object] = read_json(facts_path)
    if facts.get("bytes") != Path(path).stat().st_size or facts.get("sha256") != sha256_file(path):
        raise UserError("the file differs from its manifest", where=path, hint="delete both and run again")
    return facts


def read_json(path: str | Path) -> Any:
    """A whole JSON file; UserError where it is absent or malformed."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError("no such file", where=path) from None
    except (ValueError, RecursionError) as error:
        raise UserError(json_fault(error), where=path) from None
