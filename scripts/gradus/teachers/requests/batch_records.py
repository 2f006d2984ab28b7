"""Batch records: one file per open batch in the teacher's journal folder, and one with the requests that are in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from gradus.runtime.atomic import write_json
from gradus.runtime.jsonl import read_json
from gradus.teachers.errors import BatchServiceRefusedError
from gradus.teachers.requests.chat_request import ChatRequest, RequestContent
from gradus.teachers.requests.entries import output_limit


@dataclass(frozen=True)
class BatchRecord:
    """One batch: its tag and, once submitted, the provider's id; ``keys`` are the requests in it."""

    tag: str
    created: float
    id: str | None
    keys: tuple[str, ...]


class BatchRecords:
    """The records in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def all(self) -> list[BatchRecord]:
        """Every record, those without an id too: of intents, whose submission is unclear."""
        return [_load(path) for path in sorted(self.folder.glob("*.batch.json"))]

    def open(self) -> list[BatchRecord]:
        """The batches that were submitted and not collected yet."""
        return [record for record in self.all() if record.id is not None]

    def open_limits(self) -> frozenset[int]:
        """The output limits of open batches: each has one, its teacher's at that time."""
        return self._limits(self.open())

    def held(self) -> tuple[frozenset[str], frozenset[int]]:
        """The keys of all requests that the provider may have, and their output limits: open batches and unclear submissions."""
        records = self.all()
        return frozenset(key for record in records for key in record.keys), self._limits(records)

    def _limits(self, records: Iterable[BatchRecord]) -> frozenset[int]:
        firsts = (next(iter(self.contents(record).values()), None) for record in records)
        limits = (output_limit(first["body"]) for first in firsts if first is not None)
        return frozenset(limit for limit in limits if limit is not None)

    def open_keys(self) -> frozenset[str]:
        """The keys of the requests in open batches."""
        return frozenset(key for record in self.open() for key in record.keys)

    @contextmanager
    def intending(self, record: BatchRecord, requests: Iterable[ChatRequest]) -> Iterator[None]:
        """Record a batch with its requests while it is submitted; the record goes where the provider says no."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_json(self._contents_path(record), {request.key: request.content for request in requests})
        self.write(record)
        try:
            yield
        except BatchServiceRefusedError:
            self.drop(record)
            raise

    def write(self, record: BatchRecord) -> None:
        """Write or replace a record."""
        write_json(self._path(record), asdict(record))

    def contents(self, record: BatchRecord) -> dict[str, RequestContent]:
        """The contents of a batch's requests by their keys."""
        contents: dict[str, RequestContent] = read_json(self._contents_path(record))
        return contents

    def drop(self, record: BatchRecord) -> None:
        """Remove a record: its batch was collected, refused or never submitted."""
        self._path(record).unlink()
        self._contents_path(record).unlink(missing_ok=True)

    def _path(self, record: BatchRecord) -> Path:
        return self.folder / f"{record.tag}.batch.json"

    def _contents_path(self, record: BatchRecord) -> Path:
        return self.folder / f"{record.tag}.requests.json"


def _load(path: Path) -> BatchRecord:
    raw = read_json(path)
    return BatchRecord(raw["tag"], raw["created"], raw["id"], tuple(raw["keys"]))
