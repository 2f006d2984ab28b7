"""A shard: the file that one process appends its entries to. Whatever fails in mid-write, the next entry is whole."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import socket
from pathlib import Path
from typing import BinaryIO

from gradus.runtime.atomic import sync_folder
from gradus.runtime.errors import UserError
from gradus.teachers.requests.entries import CANCELLED

# Answers that are in flight when a disk fills up must still find room.
ROOM_BYTES = 4 << 20


class Shard:
    """A new file in ``folder``, opened at once; UserError where the folder cannot be written, or has no room."""

    def __init__(self, folder: Path) -> None:
        name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}.jsonl"
        self.path = folder / name
        self._size = 0
        self._is_torn = False
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._stream: BinaryIO = open(self.path, "xb", buffering=0)  # noqa: SIM115 - closed by close()
        except OSError as error:
            raise UserError(
                f"the journal cannot be written: {error.strerror or error}",
                where=folder,
                hint="nothing was asked; make the folder writable, or name another one by GRADUS_JOURNAL",
            ) from None
        sync_folder(folder)

    def check_room(self) -> None:
        """Write and take back what the answers in flight may need: a full disk or quota is found before anything is asked."""
        try:
            self._write(b"\0" * ROOM_BYTES)
        except OSError as error:
            raise UserError(
                f"there is no room for the journal: {error.strerror or error}",
                where=self.path.parent,
                hint=f"nothing was asked; make room for at least {ROOM_BYTES >> 20} MB and run again",
            ) from None
        finally:
            self._cut()

    def append(self, line: bytes) -> int:
        """Append one line; where it begins. Raises OSError on a full disk, with the file as it was."""
        if self._is_torn:
            self._write(CANCELLED)
            self._size = self._stream.seek(0, os.SEEK_END)
            self._is_torn = False
        try:
            self._write(line)
        except OSError:
            self._cut()
            raise
        begins = self._size
        self._size += len(line)
        return begins

    def sync(self) -> None:
        """Force what was appended onto the disk."""
        os.fsync(self._stream.fileno())

    def close(self) -> None:
        """Sync and close; a shard without an entry is taken away."""
        if self._size:
            self.sync()
        self._stream.close()
        if not self._size and not self._is_torn:
            with contextlib.suppress(OSError):
                self.path.unlink()

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            written = self._stream.write(left)
            if not written:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
            left = left[written:]

    def _cut(self) -> None:
        """Take back what was written after the last whole entry; where that fails, the next entry begins with a mark."""
        try:
            self._stream.truncate(self._size)
            self._stream.seek(self._size)
        except OSError:
            self._size = self._stream.seek(0, os.SEEK_END)
            self._is_torn = True
