"""Tars that hold the same bytes each time, and reading them without trust."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import IO

from gradus.runtime.atomic import atomic_writer
from gradus.runtime.errors import UserError

_CHUNK = 1 << 20


def build(members: Sequence[tuple[str, Path]], target: Path) -> dict[str, str]:
    """Write a tar of ``members`` (sorted names, no times, no owners); the SHA-256 of each, by name.

    Files are streamed, so that weights need no memory. UserError for a file that is not there.
    """
    sums = {}
    with atomic_writer(target) as stream, tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, path in sorted(members):
            try:
                with open(path, "rb") as source:
                    sums[name] = hashlib.file_digest(source, "sha256").hexdigest()
                    source.seek(0)
                    tar.addfile(_entry(name, path.stat().st_size), source)
            except FileNotFoundError:
                raise UserError(
                    "is to be archived and is not there", where=path, hint="run the study to its end"
                ) from None
    return sums


def read(path: Path) -> Iterator[tuple[str, IO[bytes], int]]:
    """Name, content and size of every member of a tar from anywhere.

    UserError for a tar that is damaged or could write outside of its place: absolute names, names with ``..``, names that
    occur twice, links, devices, and files with holes (which unfold to any size).
    """
    seen: set[str] = set()
    try:
        with tarfile.open(path, mode="r:") as tar:
            for entry in tar:
                if not entry.isreg() or entry.issparse():
                    raise UserError(f"holds {entry.name!r}, which is no plain file", where=path)
                if is_dangerous(entry.name):
                    raise UserError(f"holds a file that would be written elsewhere: {entry.name!r}", where=path)
                if entry.name in seen:
                    raise UserError(f"holds {entry.name!r} twice", where=path)
                seen.add(entry.name)
                stream = tar.extractfile(entry)
                assert stream is not None
                yield entry.name, stream, entry.size
    except (tarfile.TarError, EOFError) as error:
        raise UserError(f"is no whole tar: {error}", where=path) from None


def is_dangerous(name: str) -> bool:
    """Whether a name could leave the folder that it is extracted into."""
    parts = PurePosixPath(name).parts
    return not parts or name.startswith("/") or "\\" in name or "\0" in name or ".." in parts or ":" in parts[0]


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
