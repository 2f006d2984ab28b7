"""Spending: what a journal's entries cost, per day, account and model."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from gradus.teachers.requests.entries import Entry, decode

UNKNOWN = "-"


@dataclass(frozen=True)
class Group:
    """What entries are put together by: the day (UTC), the variable of the key that paid, the model that answered."""

    teacher: str
    day: str
    account: str
    model: str


@dataclass
class Spending:
    """Sums of one group; ``unpriced`` entries have no known price, ``unusable`` ones no answer (they are in the sums)."""

    entries: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float = 0.0
    unpriced: int = 0
    unusable: int = 0
    batched: int = field(default=0)

    def add(self, entry: Entry) -> None:
        """Count one entry of a journal."""
        response = entry["response"]
        self.entries += 1
        self.input_tokens += response["usage"].get("input_tokens", 0)
        self.output_tokens += response["usage"].get("output_tokens", 0)
        self.usd += response.get("price_usd") or 0.0
        self.unpriced += response.get("price_usd") is None
        self.unusable += bool(entry.get("unusable"))
        self.batched += "batch" in entry


def spending(folder: Path) -> dict[Group, Spending]:
    """The sums of one teacher's journal, in the order of teacher, day, account and model; damaged lines are left out."""
    found: dict[Group, Spending] = {}
    for entry in _entries(folder):
        when = entry.get("time")
        day = UNKNOWN if when is None else datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%d")
        group = Group(folder.name, day, entry.get("account", UNKNOWN), entry["response"]["model"])
        found.setdefault(group, Spending()).add(entry)
    ordered = sorted(found, key=lambda group: (group.teacher, group.day, group.account, group.model))
    return {group: found[group] for group in ordered}


def spent_by_this_process(folder: Path, since: float) -> Spending:
    """The sums of what this process has added to one teacher's journal since a time (seconds since 1970)."""
    found = Spending()
    for entry in _entries(folder, f"{socket.gethostname()}-{os.getpid()}-*.jsonl"):
        if (entry.get("time") or 0.0) >= since:
            found.add(entry)
    return found


def _entries(folder: Path, shards: str = "*.jsonl") -> Iterator[Entry]:
    for shard in sorted(folder.glob(shards)):
        with open(shard, "rb") as stream:
            for line in stream:
                try:
                    found = decode(line) if line.endswith(b"\n") else None
                except ValueError:
                    continue
                if found is not None:
                    yield found[1]
