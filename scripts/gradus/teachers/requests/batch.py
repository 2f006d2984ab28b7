"""Buying by batch: the same orders, the same journal, about half the price, hours instead of minutes.

Every batch has a record in the teacher's journal folder: the intent before it is submitted, its id after. A crash between
the two is reconciled from the provider's listing, so that nothing is submitted twice. Expired, partial and failed batches
leave their items missing, and only those are submitted again.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from gradus.runtime.atomic import canonical_json, write_json
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_json
from gradus.runtime.program import log
from gradus.teachers.protocols import BatchService
from gradus.teachers.requests.journal import Journal, request_key
from gradus.teachers.requests.prices import Price
from gradus.teachers.requests.queue import Order
from gradus.teachers.requests.rate_limits import WallClock

ROUNDS = 5
# Output tokens that a request is reckoned with where the budget is checked before a submission.
_RECKONED_OUTPUT = 400


@dataclass(frozen=True)
class BatchRecord:
    """One batch: its tag and, once submitted, the provider's id; ``keys`` are the requests in it."""

    tag: str
    created: float
    id: str | None
    keys: tuple[str, ...]


class BatchPurchase:
    """Buys orders by batch. ``submit`` and ``collect`` are the two halves; ``buy`` does both until nothing is missing."""

    def __init__(
        self,
        connect: Callable[[], BatchService],
        journal: Journal,
        price: Price | None,
        budget_usd: float | None,
        accepts: Callable[[str], bool],
        poll_seconds: float,
        wait_seconds: float,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._connect = connect
        self._service: BatchService | None = None
        self._journal = journal
        self._price = price
        self._budget = budget_usd
        self._accepts = accepts
        self._poll = poll_seconds
        self._wait = wait_seconds
        self._sleep = sleep
        self._folder = journal.folder / "batches"
        self.submitted = 0

    @property
    def _provider(self) -> BatchService:
        if self._service is None:
            self._service = self._connect()
        return self._service

    def buy(self, orders: Iterable[Order], total: int, what: str) -> None:
        """Submit what is missing, wait for it, submit again what failed or expired; UserError where time runs out."""
        wanted = list(self._missing(orders))
        if not wanted:
            return
        clock = WallClock()
        end = clock.now() + self._wait
        for _ in range(ROUNDS):
            missing = [order for order in wanted if request_key(order.content) not in self._journal]
            if not missing:
                return
            self.submit(missing, what)
            while not self.collect():
                if clock.now() >= end:
                    raise UserError(
                        f"batches of {what} are not finished yet",
                        where=self._folder,
                        hint="run the same command again later; they are found again and nothing is submitted twice",
                    )
                self._sleep(self._poll)
        left = sum(request_key(order.content) not in self._journal for order in wanted)
        if left:
            raise UserError(
                f"{left} requests of {what} failed in {ROUNDS} batches",
                where=self._folder,
                hint="set mode: online for the rest; what was answered is in the journal",
            )

    def submit(self, orders: Iterable[Order], what: str) -> int:
        """Submit the orders that neither the journal nor an open batch holds; how many batches that took."""
        self._reconcile()
        flying = {key for record in self._open() for key in record.keys}
        batches = 0
        for chunk in self._chunks(order for order in self._missing(orders) if request_key(order.content) not in flying):
            self._check_budget(chunk, flying)
            record = BatchRecord(uuid.uuid4().hex, time.time(), None, tuple(request_key(o.content) for o in chunk))
            self._folder.mkdir(parents=True, exist_ok=True)
            contents = {request_key(order.content): order.content for order in chunk}
            write_json(self._folder / f"{record.tag}.requests.json", contents)
            self._write(record)
            identifier = self._provider.submit([(request_key(o.content), o.body) for o in chunk], record.tag)
            self._write(replace(record, id=identifier))
            self.submitted += len(chunk)
            batches += 1
            log.info("%s: batch %s with %d requests submitted", what, identifier, len(chunk))
        return batches

    def collect(self) -> bool:
        """Journal the answers of all batches that have ended; whether no batch is open any more."""
        self._reconcile()
        for record in self._open():
            assert record.id is not None
            if self._provider.has_ended(record.id):
                self._take(record)
        return not self._open()

    def _take(self, record: BatchRecord) -> None:
        contents = read_json(self._folder / f"{record.tag}.requests.json")
        assert record.id is not None
        failed = 0
        other: str | None = None
        for key, response in self._provider.results(record.id):
            if key not in contents or key in self._journal:
                continue
            if response is None:
                failed += 1
                continue
            price = None if self._price is None else self._price.cost(response.usage, is_batch=True)
            self._journal.add(key, contents[key], replace(response, price_usd=price), batch=record.id)
            other = other or (None if self._accepts(response.model) else response.model)
        self._journal.sync()
        self._path(record).unlink()
        (self._folder / f"{record.tag}.requests.json").unlink()
        log.info("batch %s collected; %d of its requests failed or expired", record.id, failed)
        if other is not None:
            raise UserError(
                f"the batch was answered by model {other!r}, which is not the pinned one",
                where=self._folder,
                hint="pin the model that answers, or name it in also_accept",
            )

    def _reconcile(self) -> None:
        """Find batches that were submitted right before a crash; forget intents that the provider never saw."""
        for path in sorted(self._folder.glob("*.batch.json")):
            record = _load(path)
            if record.id is not None:
                continue
            known = {one.id for one in self._open()}
            candidates = [
                one for one in self._provider.find(record.tag, record.created, len(record.keys)) if one not in known
            ]
            ours = next((one for one in candidates if self._is_ours(one, record)), None)
            if ours is not None:
                self._write(replace(record, id=ours))
                log.info("batch %s was submitted before a crash and is found again", ours)
            else:
                path.unlink()
                (self._folder / f"{record.tag}.requests.json").unlink(missing_ok=True)

    def _is_ours(self, identifier: str, record: BatchRecord) -> bool:
        """By the tag where the provider keeps one, else by the first item; that waits for the batch to end."""
        if self._provider.keeps_tags:
            return True
        waited = 0.0
        while not self._provider.has_ended(identifier):
            if waited >= self._wait:
                raise UserError(
                    f"batch {identifier} may be one that was submitted before a crash, and has not ended yet",
                    where=self._folder,
                    hint="run the same command again later",
                )
            self._sleep(self._poll)
            waited += self._poll
        keys = set(record.keys)
        return any(key in keys for key, _ in self._provider.results(identifier))

    def _missing(self, orders: Iterable[Order]) -> Iterator[Order]:
        seen: set[str] = set()
        for order in orders:
            key = request_key(order.content)
            if key not in seen and key not in self._journal:
                seen.add(key)
                yield order

    def _chunks(self, orders: Iterable[Order]) -> Iterator[list[Order]]:
        chunk: list[Order] = []
        size = 0
        for order in orders:
            length = len(canonical_json(order.body)) + 200
            if chunk and (len(chunk) >= self._provider.most_items or size + length > self._provider.most_bytes):
                yield chunk
                chunk, size = [], 0
            chunk.append(order)
            size += length
        if chunk:
            yield chunk

    def _check_budget(self, chunk: list[Order], flying: set[str]) -> None:
        """A batch is paid as a whole, so that its reckoned price must fit before it is sent."""
        if self._budget is None or self._price is None:
            return
        written = sum(len(canonical_json(order.body)) for order in chunk) // 4
        usage = {"input_tokens": written, "output_tokens": _RECKONED_OUTPUT * (len(chunk) + len(flying))}
        reckoned = self._price.cost(usage, is_batch=True)
        if self._journal.spent_usd + reckoned > self._budget:
            raise UserError(
                f"the budget of ${self._budget:.2f} does not cover a batch of about ${reckoned:.4f} "
                f"(${self._journal.spent_usd:.4f} are spent)",
                hint="raise budget_usd, or set mode: online, which stops at the budget",
            )

    def _open(self) -> list[BatchRecord]:
        records = [_load(path) for path in sorted(self._folder.glob("*.batch.json"))]
        return [record for record in records if record.id is not None]

    def _path(self, record: BatchRecord) -> Path:
        return self._folder / f"{record.tag}.batch.json"

    def _write(self, record: BatchRecord) -> None:
        write_json(self._path(record), asdict(record))


def _load(path: Path) -> BatchRecord:
    raw: dict[str, Any] = read_json(path)
    return BatchRecord(raw["tag"], raw["created"], raw["id"], tuple(raw["keys"]))
