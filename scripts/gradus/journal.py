"""The journal: every answer that a teacher gave, appended before it is used, never bought again.

One folder per teacher, append-only JSONL. Each writer appends to a shard of its own and reads all shards; the key is the
SHA-256 of the canonical request, which holds the sample index. A torn last line (a crash in mid-write) is skipped.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from gradus.atomic import canonical_json, sha256_bytes, sync_folder
from gradus.errors import UserError

SYNC_EVERY = 64
SYNC_SECONDS = 1.0


@dataclass(frozen=True)
class Response:
    """What came back for one request: the text, why it ended, the model's name as returned, token counts."""

    text: str
    finish_reason: str
    model: str
    usage: dict[str, int]


def request_key(content: dict[str, Any]) -> str:
    """The identity of a request: the hash of everything that decides its answer."""
    return sha256_bytes(canonical_json(content).encode("utf-8"))


class Journal:
    """All answers of one teacher; use as a context manager. ``found`` and ``added`` count look-ups and new entries."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.found = 0
        self.added = 0
        self._answers: dict[str, tuple[Path, int]] = {}
        self._stream: BinaryIO | None = None
        self._unsynced = 0
        self._last_sync = time.monotonic()
        for shard in sorted(self.folder.glob("*.jsonl")):
            self._read(shard)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self, shard: Path) -> None:
        offset = 0
        with open(shard, "rb") as stream:
            for number, line in enumerate(stream, 1):
                if line.endswith(b"\n"):
                    try:
                        self._answers[json.loads(line)["key"]] = (shard, offset)
                    except (ValueError, KeyError, TypeError):
                        raise UserError(
                            "damaged journal entry",
                            where=shard,
                            line=number,
                            hint="delete this line; its answer is asked for again",
                        ) from None
                offset += len(line)

    def __contains__(self, key: str) -> bool:
        return key in self._answers

    def get(self, key: str) -> Response | None:
        """The stored answer, or None."""
        place = self._answers.get(key)
        if place is None:
            return None
        with open(place[0], "rb") as stream:
            stream.seek(place[1])
            entry = json.loads(stream.readline())
        self.found += 1
        return Response(**entry["response"])

    def add(self, key: str, content: dict[str, Any], response: Response) -> None:
        """Append an answer; it is on the disk after at most 64 entries or one second, and on ``close``."""
        if self._stream is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}.jsonl"
            self._shard = self.folder / name
            self._stream = open(self._shard, "xb", buffering=0)  # noqa: SIM115 - closed by close()
            sync_folder(self.folder)
        entry = {"key": key, "request": content, "response": vars(response), "time": round(time.time(), 3)}
        offset = self._stream.tell()
        line = canonical_json(entry).encode("utf-8") + b"\n"
        if self._stream.write(line) != len(line):
            raise OSError(28, "the disk is full", str(self._shard))
        self._answers[key] = (self._shard, offset)
        self.added += 1
        self._unsynced += 1
        if self._unsynced >= SYNC_EVERY or time.monotonic() - self._last_sync > SYNC_SECONDS:
            self.sync()

    def sync(self) -> None:
        """Force what was appended onto the disk."""
        if self._stream is not None and self._unsynced:
            os.fsync(self._stream.fileno())
        self._unsynced = 0
        self._last_sync = time.monotonic()

    def close(self) -> None:
        """Sync and close the own shard."""
        if self._stream is not None:
            self.sync()
            self._stream.close()
            self._stream = None
