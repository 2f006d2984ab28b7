"""The journal: every answer that a teacher gave, appended before it is used, never bought again.

One folder per teacher, append-only JSONL. Each writer appends to a shard of its own and reads all shards; the key is the
SHA-256 of the canonical request, which holds the sample index. What a crash or a full disk left of a line is skipped.
An entry that is ``unusable`` was paid for and answers nothing: it counts as spent, and its request is sent again.
The index in memory takes 16 bytes an entry: the first 8 bytes of the key and the position of the line, sorted.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np

from gradus.runtime.atomic import canonical_json, sha256_bytes
from gradus.runtime.errors import UserError
from gradus.teachers.requests.entries import decode, encode, output_limit, without_lone_surrogates
from gradus.teachers.requests.shard import Shard

# How a request ends that the provider cannot answer (it is too long, say), and how one that is to be asked again.
FAILED = "failed"
FORGOTTEN = "forgotten"
SYNC_EVERY = 64
SYNC_SECONDS = 1.0
_MERGE_EVERY = 4096
_OFFSET_BITS = 40  # a shard of up to a terabyte, 8 million shards


@dataclass(frozen=True)
class Response:
    """What came back for one request: the text, why it ended, the model's name as returned, token counts.

    ``price_usd`` is what it cost (None where no price is known); ``raw`` is the provider's whole answer; ``reasoning`` is
    what the model thought before it answered, where the provider shows it.
    """

    text: str
    finish_reason: str
    model: str
    usage: dict[str, int]
    price_usd: float | None = None
    raw: dict[str, Any] | None = field(default=None, compare=False)
    reasoning: str = ""


def request_key(content: dict[str, Any]) -> str:
    """The identity of a request: the hash of everything that decides its answer."""
    return sha256_bytes(canonical_json(content).encode("utf-8"))


class Journal:
    """All answers of one teacher; use as a context manager.

    ``found`` and ``added`` count look-ups and new entries, ``spent_usd`` is the price of everything in the folder,
    ``unpriced`` the number of entries without a known price, ``unusable`` of those that answer nothing. ``limits`` are the
    output limits that requests had, ``servers`` where answers came from (entries of older versions do not say).
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.found = 0
        self.added = 0
        self.spent_usd = 0.0
        self.unpriced = 0
        self.unusable = 0
        self.limits: set[int] = set()
        self.servers: Counter[str] = Counter()
        self._forgotten: dict[str, float] = {}
        self._models: dict[str, set[str]] = {}
        self._shards: list[Path] = []
        self._keys = np.empty(0, dtype=np.uint64)
        self._positions = np.empty(0, dtype=np.int64)
        self._recent: dict[int, list[int]] = {}
        self._recent_count = 0
        self._readers: dict[int, BinaryIO] = {}
        self._shard: Shard | None = None
        self._own = -1
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

    def __len__(self) -> int:
        return len(self._keys) + self._recent_count

    def _read(self, shard: Path) -> None:
        number = len(self._shards)
        self._shards.append(shard)
        offset = 0
        with open(shard, "rb") as stream:
            for line_number, line in enumerate(stream, 1):
                if line.endswith(b"\n"):
                    try:
                        found = decode(line)
                        if found is not None:
                            self._index(found[1], number, offset + found[0])
                    except (ValueError, KeyError, TypeError, AttributeError):
                        raise UserError(
                            "damaged journal entry",
                            where=shard,
                            line=line_number,
                            hint="delete this line; its answer is asked for again",
                        ) from None
                offset += len(line)

    def _index(self, entry: dict[str, Any], shard: int, offset: int) -> None:
        """Count an entry, and remember its position if it answers its request."""
        price = entry["response"].get("price_usd")
        self.spent_usd += price or 0.0
        self.unpriced += price is None
        if entry["response"].get("finish_reason") == FORGOTTEN:
            self._forgotten[entry["key"]] = max(entry["time"], self._forgotten.get(entry["key"], 0.0))
            return
        if entry.get("unusable"):
            self.unusable += 1
            return
        self._remember(entry["key"], shard, offset)
        body = entry["request"].get("body") if isinstance(entry.get("request"), dict) else None
        if not isinstance(body, dict):
            return
        limit = output_limit(body)
        if limit is not None:
            self.limits.add(limit)
        if entry.get("server"):
            self.servers[entry["server"]] += 1
        self._models.setdefault(str(body.get("model")), set()).add(entry["response"]["model"])

    def models(self, asked: str) -> set[str]:
        """The models that answered for the one that was asked for, as answers name them."""
        return self._models.get(asked, set())

    def _remember(self, key: str, shard: int, offset: int) -> None:
        self._recent.setdefault(int(key[:16], 16), []).append(shard << _OFFSET_BITS | offset)
        self._recent_count += 1
        if self._recent_count >= max(_MERGE_EVERY, len(self._keys) // 16):
            self._merge()

    def _merge(self) -> None:
        """Move the recent entries into the sorted arrays."""
        keys = [key for key, positions in self._recent.items() for _ in positions]
        positions = [position for positions in self._recent.values() for position in positions]
        every_key = np.concatenate([self._keys, np.array(keys, dtype=np.uint64)])
        every_position = np.concatenate([self._positions, np.array(positions, dtype=np.int64)])
        order = np.argsort(every_key, kind="stable")
        self._keys, self._positions = every_key[order], every_position[order]
        self._recent, self._recent_count = {}, 0

    def _entry(self, key: str) -> dict[str, Any] | None:
        """The stored line of a key, its newest where there are several (two writers at once)."""
        short = int(key[:16], 16)
        wanted = np.uint64(short)
        first, last = np.searchsorted(self._keys, wanted, "left"), np.searchsorted(self._keys, wanted, "right")
        for position in [*reversed(self._recent.get(short, [])), *reversed(self._positions[first:last].tolist())]:
            shard, offset = position >> _OFFSET_BITS, position & ((1 << _OFFSET_BITS) - 1)
            if shard not in self._readers:
                if len(self._readers) > 64:
                    self._readers.popitem()[1].close()
                self._readers[shard] = open(self._shards[shard], "rb")  # noqa: SIM115 - closed by close()
            stream = self._readers[shard]
            stream.seek(offset)
            found = decode(stream.readline())
            if found is not None and found[1]["key"] == key and not self._is_forgotten(found[1]):
                return found[1]
        return None

    def _is_forgotten(self, entry: dict[str, Any]) -> bool:
        is_old = entry.get("time", 0.0) <= self._forgotten.get(entry["key"], -1.0)
        return bool(is_old and entry["response"]["finish_reason"] == FAILED)

    def forget(self, key: str) -> None:
        """Let a request that failed be asked again; answers cannot be forgotten."""
        self.add(key, {}, Response("", FORGOTTEN, "", {}, price_usd=0.0))
        self.added -= 1

    def __contains__(self, key: str) -> bool:
        return self._entry(key) is not None

    def get(self, key: str) -> Response | None:
        """The stored answer (without the provider's raw one), or None; counted in ``found``."""
        response = self.look(key)
        self.found += response is not None
        return response

    def look(self, key: str) -> Response | None:
        """As ``get``, without counting."""
        entry = self._entry(key)
        return None if entry is None else Response(**entry["response"])

    def add(
        self, key: str, content: dict[str, Any], response: Response, *, defer_sync: bool = False, **facts: Any
    ) -> None:
        """Append an answer; it is on the disk after at most 64 entries or one second, and on ``close``.

        It has left this process when the call returns: a killed process loses nothing. ``facts`` (attempts, batch)
        are kept beside it; ``unusable`` marks a body that was paid for and answers nothing. With ``defer_sync`` the caller
        sees to ``sync`` where ``sync_is_due`` says so. Raises OSError on a full disk, which leaves no torn line.
        """
        if self._shard is None:
            self._open()
        assert self._shard is not None
        stored: dict[str, Any] = {
            "text": without_lone_surrogates(response.text),
            "finish_reason": response.finish_reason,
            "model": without_lone_surrogates(response.model),
            "usage": response.usage,
            "price_usd": response.price_usd,
        }
        if response.reasoning:
            stored["reasoning"] = without_lone_surrogates(response.reasoning)
        entry = {"key": key, "request": content, "response": stored, "time": round(time.time(), 3), **facts}
        if response.raw is not None:
            entry["raw"] = response.raw
        offset = self._shard.append(encode(entry))
        self._index(entry, self._own, offset)
        self.added += not entry.get("unusable")
        self._unsynced += 1
        if not defer_sync and self.sync_is_due:
            self.sync()

    def prepare(self) -> None:
        """Open the own shard and see that there is room, before anything is asked; UserError where it is not."""
        if self._shard is None:
            self._open()
        assert self._shard is not None
        self._shard.check_room()

    def _open(self) -> None:
        self._shard = Shard(self.folder)
        self._own = len(self._shards)
        self._shards.append(self._shard.path)

    @property
    def sync_is_due(self) -> bool:
        """Whether enough was appended, or long enough ago, to be forced onto the disk."""
        late = time.monotonic() - self._last_sync > SYNC_SECONDS
        return self._unsynced >= SYNC_EVERY or (late and self._unsynced > 0)

    def sync(self) -> None:
        """Force what was appended onto the disk (also from another thread than the one that appends)."""
        waiting, self._unsynced = self._unsynced, 0
        self._last_sync = time.monotonic()
        if self._shard is not None and waiting:
            self._shard.sync()

    def close(self) -> None:
        """Sync and close the own shard."""
        for stream in self._readers.values():
            stream.close()
        self._readers.clear()
        if self._shard is not None:
            self._shard.close()
            self._shard = None
