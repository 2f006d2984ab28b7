"""What is stuck in a journal: open batches, and requests that failed; both can be forgotten, and are asked again then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gradus.runtime.jsonl import read_json
from gradus.teachers.requests.entries import decode
from gradus.teachers.requests.journal import Journal
from gradus.teachers.requests.journal_lock import journal_lock
from gradus.teachers.requests.shard_index import FAILED


@dataclass(frozen=True)
class OpenBatch:
    """A batch that was not collected yet; ``id`` is None where the submission itself is unclear."""

    tag: str
    id: str | None
    requests: int
    created: float


@dataclass(frozen=True)
class FailedRequest:
    """A request that the provider could not answer, with its words."""

    key: str
    words: str


def open_batches(folder: Path) -> list[OpenBatch]:
    """The batches of a teacher's journal that were not collected, the oldest first."""
    records = [read_json(path) for path in (folder / "batches").glob("*.batch.json")]
    found = [OpenBatch(raw["tag"], raw["id"], len(raw["keys"]), raw["created"]) for raw in records]
    return sorted(found, key=lambda batch: batch.created)


def failed_requests(folder: Path) -> list[FailedRequest]:
    """The requests of a teacher's journal that failed and were not forgotten since."""
    with Journal(folder) as journal:
        still = [(key, words) for key, words in _failures(folder) if _has_failed(journal, key)]
    return [FailedRequest(key, words) for key, words in dict(still).items()]


def _has_failed(journal: Journal, key: str) -> bool:
    response = journal.look(key)
    return response is not None and response.finish_reason == FAILED


def _failures(folder: Path) -> Iterator[tuple[str, str]]:
    mark = f'"finish_reason":"{FAILED}"'.encode()
    for shard in sorted(folder.glob("*.jsonl")):
        with open(shard, "rb") as stream:
            for line in stream:
                found = decode(line) if mark in line and line.endswith(b"\n") else None
                if found is not None and found[1]["response"].get("finish_reason") == FAILED:
                    yield found[1]["key"], str(found[1].get("raw", {}).get("error", ""))


def forget(folder: Path, name: str) -> int:
    """Forget a batch by tag or id, a failed request by (the beginning of) its key, or ``failed`` for all of them; how many.

    Answers that a forgotten batch still gets are not collected, though they are paid for.
    """
    with journal_lock(folder):
        batches = [batch for batch in open_batches(folder) if name in (batch.tag, batch.id)]
        for batch in batches:
            for path in (folder / "batches").glob(f"{batch.tag}.*.json"):
                path.unlink()
        asked_again = [one for one in failed_requests(folder) if name == FAILED or one.key.startswith(name)]
        with Journal(folder) as journal:
            for one in asked_again:
                journal.forget(one.key)
    return len(batches) + len(asked_again)
