"""Tars that hold the same bytes each time, and reading them without trust."""

from __future__ import annotations

import hashlib
import tarfile
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from gradus.runtime.atomic import atomic_writer
from gradus.runtime.errors import UserError

_CHUNK = 1 << 20
_LONGEST_NAME = 255  # bytes of one part of a path, on the usual file systems


@dataclass(frozen=True, order=True)
class Member:
    """A file to be archived: its name in the tar (relative to the working folder) and where it is."""

    name: str
    path: Path


def build(members: Sequence[Member], target: Path) -> dict[str, str]:
    """Write a tar of ``members`` (sorted names, no times, no owners); the SHA-256 of each, by name.

    Files are streamed, so that weights need no memory. UserError for a file that is not there, or whose name no reader of
    archives accepts.
    """
    sums = {}
    for member in members:
        if is_dangerous(member.name):
            raise UserError("its name cannot be archived", where=printable(member.name), hint="rename the file")
    with atomic_writer(target) as stream, tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for member in sorted(members):
            try:
                with open(member.path, "rb") as source:
                    sums[member.name] = hashlib.file_digest(source, "sha256").hexdigest()
                    source.seek(0)
                    tar.addfile(_entry(member.name, member.path.stat().st_size), source)
            except FileNotFoundError:
                raise UserError(
                    "is to be archived and is not there", where=member.path, hint="run the study to its end"
                ) from None
    return sums


def read(path: Path) -> Iterator[tuple[str, IO[bytes], int]]:
    """Name, content and size of every member of a tar from anywhere.

    UserError for a tar that is damaged or could write outside of its folder: dangerous names, names that occur twice, links,
    devices, and files with holes (which unfold to any size).
    """
    seen: set[str] = set()
    try:
        with tarfile.open(path, mode="r:") as tar:
            for entry in tar:
                if not entry.isreg() or entry.issparse():
                    raise UserError(f"holds {entry.name!r}, which is not a plain file", where=path)
                if is_dangerous(entry.name):
                    raise UserError(f"holds a file that would be written elsewhere: {entry.name!r}", where=path)
                if entry.name in seen:
                    raise UserError(f"holds {entry.name!r} twice", where=path)
                seen.add(entry.name)
                stream = tar.extractfile(entry)
                assert stream is not None
                yield entry.name, stream, entry.size
    except (tarfile.TarError, EOFError) as error:
        raise UserError(f"is not a whole tar: {error}", where=path) from None


def is_dangerous(name: str) -> bool:
    """Whether a name could leave the folder that it is extracted into, or be read as another name.

    Absolute names, drives, ``..``, parts that say nothing (``.``, ``//``), control and formatting characters (a terminal
    would act on them), and parts that are too long for a file system.
    """
    parts = PurePosixPath(name).parts
    return (
        not parts
        or name.startswith("/")
        or PurePosixPath(name).as_posix() != name
        or "\\" in name
        or ".." in parts
        or ":" in parts[0]
        or not is_printable(name)
        or any(len(part.encode("utf-8")) > _LONGEST_NAME for part in parts)
    )


def is_printable(text: str) -> bool:
    """Whether a text holds no control, formatting or unassigned character and no line break of any kind."""
    return not any(unicodedata.category(letter)[0] == "C" or letter in "\u2028\u2029" for letter in text)


def printable(text: str) -> str:
    """Text from anywhere as a message can show it."""
    return text if is_printable(text) else ascii(text)[1:-1]


def copy(stream: IO[bytes], size: int, target: IO[bytes] | None, where: Path, name: str) -> str:
    """Copy exactly ``size`` bytes (nowhere without a target); their SHA-256. UserError where there are fewer."""
    digest = hashlib.sha256()
    left = size
    while left:
        try:
            data = stream.read(min(_CHUNK, left))
        except tarfile.ReadError:
            data = b""
        if not data:
            raise UserError(f"ends within {name!r}", where=where)
        digest.update(data)
        left -= len(data)
        if target is not None:
            target.write(data)
    return digest.hexdigest()


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size = size
    entry.mode = 0o644
    entry.mtime = 0
    return entry
