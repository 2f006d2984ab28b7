"""Inspect's logs: ``.json`` and ``.eval`` (a zip file with a file per sample), read from logs of inspect_ai 0.3.285."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, TypeGuard

from gradus.evaluation.formats.files import ZIP, Row, shown
from gradus.evaluation.formats.source import Source
from gradus.evaluation.formats.values import choices_of, golds_of, index, named, optional, text_of, verdict
from gradus.records.samples import Sample
from gradus.runtime.errors import UserError

_ZSTD = 93  # the zip file's number for Zstandard, which Python reads from 3.14 on


def is_log(value: Any) -> TypeGuard[Row]:
    """Whether a JSON value is a whole log."""
    return isinstance(value, dict) and isinstance(value.get("eval"), dict) and "plan" in value


def packed(data: bytes) -> bool:
    """Whether bytes are an ``.eval`` file."""
    return data.startswith(ZIP) and any(name in data for name in (b"header.json", b"_journal/start.json"))


def samples_of_log(log: Row, source: Source) -> Iterator[Sample]:
    """The samples of a ``.json`` log; UserError for a log without them."""
    if not isinstance(log.get("samples"), list):
        raise UserError("the log holds no samples", where=shown(source.path), hint="run inspect with --log-samples")
    for number, row in enumerate(log["samples"], 1):
        with source.row():
            yield _sample(row, log["eval"], source, f"{shown(source.path)}, sample {number}")


def samples_of_archive(data: bytes, source: Source) -> Iterator[Sample]:
    """The samples of an ``.eval`` file, also of a run that was broken off."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        names = [name for name in archive.namelist() if name.startswith("samples/")]
        known = archive.namelist()
        head = next((name for name in ("header.json", "_journal/start.json") if name in known), None)
        header = _member(archive, data, head) if head else {}
        given = header.get("eval")
        about: Row = given if isinstance(given, dict) else {}
        # A sample that was written twice counts as it was written last.
        for name in dict.fromkeys(names):
            with source.row():
                yield _sample(_member(archive, data, name), about, source, f"{shown(source.path)}:{name}")
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError) as error:
        raise UserError(f"no inspect log: {error}", where=shown(source.path)) from None


def _member(archive: zipfile.ZipFile, data: bytes, name: str) -> Row:
    info = archive.getinfo(name)
    if info.compress_type != _ZSTD:
        value = json.loads(archive.read(info))
    else:
        start = info.header_offset
        start += (
            30
            + int.from_bytes(data[start + 26 : start + 28], "little")
            + int.from_bytes(data[start + 28 : start + 30], "little")
        )
        value = json.loads(_zstd(data[start : start + info.compress_size], info.file_size))
    if not isinstance(value, dict):
        raise ValueError(f"{name} is no JSON object")
    return value


def _zstd(data: bytes, size: int) -> bytes:
    try:
        import pyarrow
    except ImportError:
        raise UserError(
            "this .eval file needs the package pyarrow", hint="or `inspect log convert --to json`"
        ) from None
    try:
        unpacked: bytes = pyarrow.Codec("zstd").decompress(data, decompressed_size=size, asbytes=True)
    except (pyarrow.ArrowException, OSError) as error:
        raise ValueError(str(error)) from None
    return unpacked


def _sample(row: Any, about: Row, source: Source, where: str) -> Sample:
    if not isinstance(row, dict):
        raise UserError("no sample of an inspect log", where=where)
    given = row.get("output")
    output: Row = given if isinstance(given, dict) else {}
    choices, _ = choices_of(row.get("choices"), where) or (None, ())
    given_metadata = row.get("metadata")
    metadata: Row = given_metadata if isinstance(given_metadata, dict) else {}
    cluster = source.columns.cluster
    return Sample(
        run=source.run or str(about.get("model") or source.stem),
        task=str(about.get("task") or source.stem),
        id=named(row, "id", where),
        sample=max(0, index(row, "epoch", where) - 1),
        question=_question(row.get("input")),
        choices=choices,
        golds=golds_of(row.get("target")),
        text=_completion(output),
        scores=dict(_scores(row.get("scores"))),
        where=where,
        cluster=optional({**row, **metadata}, cluster) if cluster else None,
    )


def _question(given: Any) -> str | None:
    """The input, or its last message of a user."""
    if isinstance(given, list):
        users = [one for one in given if isinstance(one, dict) and one.get("role") == "user"]
        return _content(users[-1].get("content")) if users else None
    return text_of(given)


def _completion(output: Row) -> str | None:
    if isinstance(output.get("completion"), str):
        return str(output["completion"])
    choices = output.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, dict) else None
    return _content(message.get("content")) if isinstance(message, dict) else None


def _content(given: Any) -> str | None:
    if isinstance(given, list):
        return "\n".join(str(part["text"]) for part in given if isinstance(part, dict) and part.get("type") == "text")
    return text_of(given)


def _scores(given: Any) -> Iterator[tuple[str, float]]:
    """By scorer; ``SCORER/KEY`` where one gives several values."""
    for scorer, score in given.items() if isinstance(given, dict) else ():
        value = score.get("value") if isinstance(score, dict) else score
        parts = {f"{scorer}/{key}": one for key, one in value.items()} if isinstance(value, dict) else {scorer: value}
        for name, one in parts.items():
            number = verdict(one)
            if number is not None:
                yield name, number
