"""Files that are either whole or not there: temporary name in the same folder, flush, rename."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

_MODE = 0o644
# Of a write the system says that a disk is full or failing, but not which file it was for.
_FAILING_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.ESTALE}


@contextlib.contextmanager
def named(path: str | Path) -> Iterator[None]:
    """Name ``path`` in what a full or failing disk raises inside the block; other errors stay as they are.

    Raises OSError with ``path`` as its ``filename``.
    """
    try:
        yield
    except OSError as error:
        if error.filename is not None or error.errno not in _FAILING_DISK:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


@contextlib.contextmanager
def atomic_writer(path: str | Path) -> Iterator[IO[bytes]]:
    """Open ``path`` for writing bytes; it appears under its name only if the block ends without an error.

    Raises OSError (a full disk, say), which names ``path``, with nothing left behind under it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with named(path), os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, _MODE)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    sync_folder(path.parent)


def let_others_read(folder: Path) -> None:
    """Give every file in ``folder`` the mode of those that are written here: safetensors makes its own for their writer alone,
    and a group reads one another's results."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            allow(path, _MODE)


def allow(path: Path, mode: int) -> None:
    """Give a file or folder a mode, unless it has it: it may be another user's, who alone could change it."""
    if stat.S_IMODE(path.stat().st_mode) != mode:
        path.chmod(mode)


def sync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` durable (not every file system allows it, which is no error)."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_text(path: str | Path, text: str) -> None:
    """Write ``text`` as UTF-8, whole or not at all."""
    with atomic_writer(path) as stream:
        stream.write(text.encode("utf-8"))


def write_json(path: str | Path, value: Any, *, keep_order: bool = False) -> None:
    """Write ``value`` as indented JSON, its keys sorted unless their order matters; whole or not at all."""
    write_text(path, json.dumps(value, indent=2, sort_keys=not keep_order, ensure_ascii=False, allow_nan=False) + "\n")


def canonical_json(value: Any) -> str:
    """One text per value: sorted keys, no spaces, UTF-8; the form that is hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256_bytes(data: bytes) -> str:
    """Hexadecimal SHA-256 of ``data``."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: str | Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
