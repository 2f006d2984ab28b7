"""The journal: every answer that a teacher gave, appended before it is used, never bought again.

One folder per teacher, append-only JSONL. Each writer appends to a shard of its own and reads all shards; the key is the
SHA-256 of the canonical request, which holds the sample index. What a crash or a full disk left of a line is skipped.
An entry that is ``unusable`` was paid for and answers nothing: it counts as spent, and its request is sent again.
The index in memory takes 21 bytes an entry: the first 8 bytes of the key, sorted, the position of the line, output tokens and
ending. Beside a shard lies its own index (``shard_index``), so that only what is new is read.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, Unpack

import numpy as np

from gradus.runtime.atomic import canonical_json, sha256_bytes
from gradus.teachers.requests.announced_limits import NOTHING_ANNOUNCED, AnnouncedLimits
from gradus.teachers.requests.entries import Entry, EntryFacts, StoredResponse, decode, encode, without_lone_surrogates
from gradus.teachers.requests.shard import Shard
from gradus.teachers.requests.shard_index import (
    BY_ITSELF,
    FAILED,
    FORGOTTEN,
    IN_FAILURE,
    ShardIndex,
    Tally,
    open_shard,
    short_key,
    write_index,
)

SYNC_EVERY = 64
SYNC_SECONDS = 1.0
_MERGE_EVERY = 4096
_OFFSET_BITS = 40  # a shard of up to a terabyte, 8 million shards


@dataclass(frozen=True)
class Response:
    """What came back for one request: the text, why it ended, the model's name as returned, token counts.

    ``price_usd`` is what it cost (None where no price is known); ``raw`` is the provider's whole answer; ``reasoning`` is
    what the model thought before it answered, where the provider shows it. ``announced`` are the limits that came with the
    answer; they are not kept.
    """

    text: str
    finish_reason: str
    model: str
    usage: dict[str, int]
    price_usd: float | None = None
    raw: dict[str, Any] | None = field(default=None, compare=False)
    reasoning: str = ""
    announced: AnnouncedLimits = field(default=NOTHING_ANNOUNCED, compare=False)


def request_key(content: Mapping[str, object]) -> str:
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
        self._shard: Shard | None = None
        self._written = ShardIndex()  # of the own shard
        self._unsynced = 0
        self._last_sync = time.monotonic()
        self._readers: dict[int, BinaryIO] = {}
        self._distrusted: set[Path] = set()
        self.refresh()

    def refresh(self) -> None:
        """Look at all shards again, also at what others have written since."""
        self._close_readers()
        self._shards = sorted(self.folder.glob("*.jsonl"))
        self._own = self._shards.index(self._shard.path) if self._shard is not None else -1
        indexes = [
            self._written if number == self._own else open_shard(shard, trusted=shard not in self._distrusted)
            for number, shard in enumerate(self._shards)
        ]
        self._tally = Tally()
        for index in indexes:
            self._tally.add(index.tally)
        self._recent: dict[int, list[int]] = {}  # rows of the own shard's index, by key
        self._recent_count = 0
        self._keys, self._positions = np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int64)
        self._outputs, self._endings = np.empty(0, dtype=np.uint32), np.empty(0, dtype=np.uint8)
        self._sort_in([(number, index, slice(None)) for number, index in enumerate(indexes)])

    def _sort_in(self, parts: list[tuple[int, ShardIndex, Any]]) -> None:
        """Put rows of shards' indexes into the sorted columns, after those with the same key."""
        keys = np.concatenate([self._keys, *(index.column("keys")[rows] for _, index, rows in parts)])
        order = np.argsort(keys, kind="stable")
        offsets = [number << _OFFSET_BITS | index.column("offsets")[rows] for number, index, rows in parts]
        self._keys, self._positions = keys[order], np.concatenate([self._positions, *offsets])[order]
        outputs = [index.column("outputs")[rows] for _, index, rows in parts]
        endings = [index.column("endings")[rows] for _, index, rows in parts]
        self._outputs = np.concatenate([self._outputs, *outputs])[order]
        self._endings = np.concatenate([self._endings, *endings])[order]

    @property
    def spent_usd(self) -> float:
        return self._tally.spent_usd

    @property
    def unpriced(self) -> int:
        return self._tally.unpriced

    @property
    def unusable(self) -> int:
        return self._tally.unusable

    @property
    def limits(self) -> Set[int]:
        return self._tally.limits

    @property
    def servers(self) -> Mapping[str, int]:
        return self._tally.servers

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self._keys) + self._recent_count

    def _index(self, entry: Entry, offset: int) -> None:
        """Count an entry of the own shard, and remember its row if it answers its request."""
        self._tally.count(entry)
        if self._written.add(entry, offset):
            self._recent.setdefault(short_key(entry["key"]), []).append(len(self._written.keys) - 1)
            self._recent_count += 1
            if self._recent_count >= max(_MERGE_EVERY, len(self._keys) // 16):
                self._merge()

    def models(self, asked: str) -> set[str]:
        """The models that answered for the one that was asked for, as answers name them."""
        return self._tally.models.get(asked, set())

    def _merge(self) -> None:
        """Move the recent entries into the sorted columns."""
        rows = [row for rows in self._recent.values() for row in rows]
        self._sort_in([(self._own, self._written, rows)])
        self._recent, self._recent_count = {}, 0

    def _rows(self, key: str) -> range:
        """The rows of the sorted columns that may be a key's."""
        wanted = np.uint64(short_key(key))
        first, last = np.searchsorted(self._keys, wanted, "left"), np.searchsorted(self._keys, wanted, "right")
        return range(int(first), int(last))

    def _entry(self, key: str) -> Entry | None:
        """The stored line of a key; of several (two writers at once) the newest answer, else the newest failure."""
        recent = [
            self._own << _OFFSET_BITS | self._written.offsets[row] for row in self._recent.get(short_key(key), [])
        ]
        found = []
        for position in [*reversed(recent), *reversed([int(self._positions[row]) for row in self._rows(key)])]:
            shard, offset = position >> _OFFSET_BITS, position & ((1 << _OFFSET_BITS) - 1)
            entry = self._line(shard, offset)
            if entry is None or short_key(entry["key"]) != short_key(key):
                # The shard is not what its index says. Where it was read just now, it changes under our hands.
                if self._shards[shard] in self._distrusted:
                    continue
                self._distrusted.add(self._shards[shard])
                self.refresh()
                return self._entry(key)
            if entry["key"] == key and not self._is_forgotten(entry):
                found.append(entry)
        return max(found, key=_rank, default=None)

    def _line(self, shard: int, offset: int) -> Entry | None:
        """The entry that begins there; None where none does."""
        if shard not in self._readers:
            if len(self._readers) > 64:
                self._readers.popitem()[1].close()
            self._readers[shard] = open(self._shards[shard], "rb")  # noqa: SIM115 - closed by close()
        stream = self._readers[shard]
        stream.seek(offset)
        try:
            found = decode(stream.readline())
        except ValueError:
            return None
        return None if found is None else found[1]

    def _is_forgotten(self, entry: Entry) -> bool:
        is_old = entry.get("time", 0.0) <= self._tally.forgotten.get(entry["key"], -1.0)
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

    def glance(self, key: str) -> tuple[int, bool] | None:
        """The output tokens of a key's answer and whether it ended by itself, from the index alone; None where none is held.

        It is right unless two keys begin with the same 8 bytes: good for counting, and not for what is paid.
        """
        recent, rows = self._recent.get(short_key(key), []), self._rows(key)
        if len(recent) + len(rows) > 1:  # the index does not say which is the newest
            held = self.look(key)
            return None if held is None else (held.usage.get("output_tokens", 0), held.finish_reason == "stop")
        if recent:
            tokens, ending = self._written.outputs[recent[0]], self._written.endings[recent[0]]
        elif rows:
            tokens, ending = int(self._outputs[rows[0]]), int(self._endings[rows[0]])
        else:
            return None
        if ending == IN_FAILURE and key in self._tally.forgotten:
            held = self.look(key)
            return None if held is None else (held.usage.get("output_tokens", 0), held.finish_reason == "stop")
        return tokens, ending == BY_ITSELF

    def add(
        self,
        key: str,
        content: Mapping[str, object],
        response: Response,
        *,
        defer_sync: bool = False,
        **facts: Unpack[EntryFacts],
    ) -> None:
        """Append an answer; it is on the disk after at most 64 entries or one second, and on ``close``.

        It has left this process when the call returns: a killed process loses nothing. ``facts``
        are kept beside it; one that is ``unusable`` was paid for and answers nothing. With ``defer_sync`` the caller
        sees to ``sync`` where ``sync_is_due`` says so. Raises OSError on a full disk, which leaves no torn line.
        """
        if self._shard is None:
            self._open()
        assert self._shard is not None
        stored: StoredResponse = {
            "text": without_lone_surrogates(response.text),
            "finish_reason": response.finish_reason,
            "model": without_lone_surrogates(response.model),
            "usage": response.usage,
            "price_usd": response.price_usd,
        }
        if response.reasoning:
            stored["reasoning"] = without_lone_surrogates(response.reasoning)
        entry: Entry = {"key": key, "request": content, "response": stored, "time": round(time.time(), 3)}
        entry.update(facts)  # type: ignore[typeddict-item]  # mypy knows no update by a part of a TypedDict
        if response.raw is not None:
            entry["raw"] = response.raw
        offset = self._shard.append(encode(entry))
        self._index(entry, offset)
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
        """Sync and close the own shard, and put its index beside it."""
        self._close_readers()
        if self._shard is not None:
            self._shard.close()
            write_index(self._shard.path, self._written)
            self._merge()
            self._shard, self._written = None, ShardIndex()

    def _close_readers(self) -> None:
        for stream in self._readers.values():
            stream.close()
        self._readers.clear()


def _rank(entry: Entry) -> tuple[bool, float]:
    """Which of several entries of a key counts: what was paid for before what failed, then the newest."""
    return entry["response"]["finish_reason"] != FAILED, entry.get("time") or 0.0
