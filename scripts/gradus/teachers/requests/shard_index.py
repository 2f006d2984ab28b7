"""The index of a shard: where its entries are and what they add up to, so that a long journal opens without being read.

It lies beside the shard, hidden, and is a copy of what reading finds: the shard alone decides. An index that is torn, of another
version, or of other bytes than the shard's is passed over, and the shard is read. It may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import json
from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from gradus.runtime.atomic import atomic_writer, canonical_json, sha256_bytes, sha256_file
from gradus.runtime.errors import UserError
from gradus.teachers.requests.entries import Entry, decode, output_limit

# To be raised with whatever changes in what an index holds or how it is read from entries.
VERSION = 1
# Shards below this size in bytes are read as quickly as an index of theirs.
SMALLEST = 1 << 16

# How a request ends that the provider cannot answer (it is too long, say), and how one that is to be asked again.
FAILED = "failed"
FORGOTTEN = "forgotten"

# How an entry ended, as an index holds it.
OTHERWISE, BY_ITSELF, IN_FAILURE = range(3)
_ENDINGS = {"stop": BY_ITSELF, FAILED: IN_FAILURE}
_MOST_TOKENS = (1 << 32) - 1
_COLUMNS = (("keys", "<u8"), ("offsets", "<i8"), ("outputs", "<u4"), ("endings", "u1"))


@dataclass
class Tally:
    """What entries add up to: see ``Journal`` for the sums; ``forgotten`` has the time of the last forgetting by key,
    ``models`` the names that answers gave by the model that was asked for."""

    spent_usd: float = 0.0
    unpriced: int = 0
    unusable: int = 0
    limits: set[int] = field(default_factory=set)
    servers: Counter[str] = field(default_factory=Counter)
    forgotten: dict[str, float] = field(default_factory=dict)
    models: dict[str, set[str]] = field(default_factory=dict)

    def count(self, entry: Entry) -> bool:
        """Count an entry; whether it answers its request."""
        price = entry["response"].get("price_usd")
        self.spent_usd += price or 0.0
        self.unpriced += price is None
        if entry["response"].get("finish_reason") == FORGOTTEN:
            self._forget(entry["key"], entry["time"])
            return False
        if entry.get("unusable"):
            self.unusable += 1
            return False
        body = entry["request"].get("body") if isinstance(entry.get("request"), dict) else None
        if isinstance(body, dict):
            limit = output_limit(body)
            if limit is not None:
                self.limits.add(limit)
            if entry.get("server"):
                self.servers[entry["server"]] += 1
            self.models.setdefault(str(body.get("model")), set()).add(entry["response"]["model"])
        return True

    def add(self, other: Tally) -> None:
        """Count what another tally counted."""
        self.spent_usd += other.spent_usd
        self.unpriced += other.unpriced
        self.unusable += other.unusable
        self.limits |= other.limits
        self.servers += other.servers
        for key, when in other.forgotten.items():
            self._forget(key, when)
        for asked, answered in other.models.items():
            self.models.setdefault(asked, set()).update(answered)

    def _forget(self, key: str, when: float) -> None:
        self.forgotten[key] = max(when, self.forgotten.get(key, 0.0))

    def to_json(self) -> dict[str, object]:
        """The tally as JSON holds it."""
        models = {asked: sorted(answered) for asked, answered in self.models.items()}
        return {**vars(self), "limits": sorted(self.limits), "models": models}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Tally:
        """The inverse of ``to_json``."""
        models = {asked: set(answered) for asked, answered in raw["models"].items()}
        return cls(**{**raw, "limits": set(raw["limits"]), "servers": Counter(raw["servers"]), "models": models})


@dataclass
class ShardIndex:
    """A shard's tally, and four columns with a row for every entry that answers its request: the first 8 bytes of the key, where
    the entry begins, its output tokens, how it ended."""

    tally: Tally = field(default_factory=Tally)
    keys: array[int] = field(default_factory=lambda: array("Q"))
    offsets: array[int] = field(default_factory=lambda: array("q"))
    outputs: array[int] = field(default_factory=lambda: array("I"))
    endings: array[int] = field(default_factory=lambda: array("B"))

    def add(self, entry: Entry, offset: int) -> bool:
        """Count an entry that begins at ``offset``; whether it answers its request."""
        answers = self.tally.count(entry)
        if answers:
            response = entry["response"]
            tokens = (response.get("usage") or {}).get("output_tokens", 0)
            self.keys.append(short_key(entry["key"]))
            self.offsets.append(offset)
            self.outputs.append(min(max(tokens, 0), _MOST_TOKENS) if isinstance(tokens, int) else 0)
            self.endings.append(_ENDINGS.get(response["finish_reason"], OTHERWISE))
        return answers

    def column(self, name: str) -> np.ndarray[Any, Any]:
        """A column as numpy has it."""
        return np.array(getattr(self, name), dtype=dict(_COLUMNS)[name])


def short_key(key: str) -> int:
    """The part of a request's key that an index holds."""
    return int(key[:16], 16)


def open_shard(shard: Path, *, trusted: bool = True) -> ShardIndex:
    """The index of a shard: the one beside it where that is right (and ``trusted``), else what reading finds, which is put there.

    Raises UserError for a damaged entry. A shard that was taken away meanwhile has no entries.
    """
    try:
        index = _stored_index(shard) if trusted else None
        return _read(shard) if index is None else index
    except FileNotFoundError:
        return ShardIndex()


def write_index(shard: Path, index: ShardIndex, digest: str | None = None) -> None:
    """Put an index beside its shard, where that is worth it and the folder can be written.

    ``digest`` is the SHA-256 of the shard, which is computed if left out.
    """
    with contextlib.suppress(OSError):
        status = shard.stat()
        if status.st_size < SMALLEST:
            return
        header = {
            "version": VERSION,
            "size": status.st_size,
            "mtime_ns": status.st_mtime_ns,
            "sha256": digest or sha256_file(shard),
            "entries": len(index.keys),
            "tally": index.tally.to_json(),
        }
        columns = b"".join(index.column(name).tobytes() for name, _ in _COLUMNS)
        content = canonical_json(header).encode("utf-8", "surrogatepass") + b"\n" + columns
        with atomic_writer(index_path(shard)) as stream:
            stream.write(sha256_bytes(content).encode() + b"\n" + content)


def index_path(shard: Path) -> Path:
    """Where a shard's index lies; hidden files are no part of an archive."""
    return shard.with_name(f".{shard.name}.index")


def _stored_index(shard: Path) -> ShardIndex | None:
    """The index beside a shard; None where there is none, or it is not that of these bytes.

    Size and time tell whether they are; where only the time differs (a copy), the bytes do.
    """
    status = shard.stat()
    try:
        digest, _, content = index_path(shard).read_bytes().partition(b"\n")
        if sha256_bytes(content) != digest.decode():
            return None
        head, _, rest = content.partition(b"\n")
        header = json.loads(head)
        if (header["version"], header["size"]) != (VERSION, status.st_size):
            return None
        index = ShardIndex(Tally.from_json(header["tally"]))
        for name, kind in _COLUMNS:
            width = np.dtype(kind).itemsize * header["entries"]
            values = np.frombuffer(rest[:width], dtype=kind)
            getattr(index, name).frombytes(values.astype(values.dtype.newbyteorder("=")).tobytes())
            rest = rest[width:]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    if header["mtime_ns"] != status.st_mtime_ns:
        if header["sha256"] != sha256_file(shard):
            return None
        write_index(shard, index, header["sha256"])
    return index


def _read(shard: Path) -> ShardIndex:
    """Read a whole shard, and leave its index beside it."""
    index, digest, size = ShardIndex(), sha256(), shard.stat().st_size
    offset = 0
    with open(shard, "rb") as stream:
        for line_number, line in enumerate(stream, 1):
            digest.update(line)
            if line.endswith(b"\n"):
                try:
                    found = decode(line)
                    if found is not None:
                        index.add(found[1], offset + found[0])
                except (ValueError, KeyError, TypeError, AttributeError):
                    raise UserError(
                        "damaged journal entry",
                        where=shard,
                        line=line_number,
                        hint="delete this line; its answer is asked for again",
                    ) from None
            offset += len(line)
    if offset == size:  # nobody appends to it
        write_index(shard, index, digest.hexdigest())
    return index
