"""The batch queue: the same requests, the same journal, about half the price, hours instead of minutes.

Every batch has a record in the teacher's journal folder: the intent before it is submitted, its id after. A crash between
the two is reconciled from the provider's listing, so that nothing is submitted twice. Expired, partial and failed batches
leave their items missing, and only those are submitted again.
"""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from gradus.runtime.atomic import canonical_json, write_json
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_json
from gradus.runtime.program import log
from gradus.study.config.teachers import BatchableTeacher, PriceEntry
from gradus.teachers.errors import (
    BatchRefusedError,
    BatchServiceTroubleError,
    ContentFiltered,
    PermanentError,
    ProviderError,
    RejectedRequestError,
    UnusableAnswerError,
)
from gradus.teachers.protocols import BatchService
from gradus.teachers.requests import pinned_model
from gradus.teachers.requests.chat_request import ChatRequest
from gradus.teachers.requests.journal import Journal, Response
from gradus.teachers.requests.prices import cost
from gradus.teachers.requests.queue import NO_FACTS
from gradus.teachers.requests.rate_limits import WallClock
from gradus.teachers.requests.reuse import is_answered
from gradus.teachers.requests.shard_index import FAILED

ROUNDS = 5
# Where the provider's queue is full, batches are halved, but not below so many requests.
FEWEST_ITEMS = 20
# Output tokens that a request is estimated to take where the budget is checked before a submission.
_ESTIMATED_OUTPUT = 400


@dataclass(frozen=True)
class BatchRecord:
    """One batch: its tag and, once submitted, the provider's id; ``keys`` are the requests in it."""

    tag: str
    created: float
    id: str | None
    keys: tuple[str, ...]


class BatchQueue:
    """Fetches answers by batch. ``submit`` and ``fetch_ended`` are the two halves; ``fetch`` does both until none is missing."""

    def __init__(
        self,
        connect: Callable[[], BatchService],
        journal: Journal,
        teacher: BatchableTeacher,
        price: PriceEntry | None,
        sleep: Callable[[float], None] = time.sleep,
        facts: Mapping[str, Any] = NO_FACTS,
    ) -> None:
        self._connect = connect
        self._service: BatchService | None = None
        self._journal = journal
        self._teacher = teacher
        self._price = price
        self._sleep = sleep
        self._facts = dict(facts)
        self._wait_seconds = teacher.batch_wait_hours * 3600
        self._folder = journal.folder / "batches"
        self.submitted = 0
        self._is_waiting = False  # that it waits is told once
        self._words = ""  # the provider's own, of a request that failed
        self._trouble = ""  # its service's, where it could not be asked at the last turn
        self._refused = 0  # batches for which the provider's queue was too full, since the last submission
        self._most_items: int | None = None  # of a batch, where the provider's queue is smaller than its batches may be

    @property
    def _provider(self) -> BatchService:
        if self._service is None:
            self._service = self._connect()
        return self._service

    def fetch(self, requests: Iterable[ChatRequest], total: int, label: str) -> None:
        """Submit what is missing, wait for it, submit again what failed or expired; UserError where time runs out."""
        wanted = list(self._missing(requests))
        if not wanted:
            return
        clock = WallClock()
        end = clock.now() + self._wait_seconds
        rounds = 0
        while rounds < ROUNDS:
            missing = [request for request in wanted if not is_answered(self._journal, request)]
            if not missing:
                return
            self._refused = 0
            self.submit(missing, len(missing), label)
            while not self.collect({request.key for request in missing}):
                self._wait(clock.now() >= end, label)
            rounds += not self._refused
            if self._refused and sum(not is_answered(self._journal, one) for one in missing) == len(missing):
                # Nobody's answers made room: what is asked for at once must become less, or others' batches must end.
                self._most_items = max(FEWEST_ITEMS, (self._most_items or len(missing)) // 2)
                self._wait(clock.now() >= end, label)
                self.collect()
        left = sum(not is_answered(self._journal, request) for request in wanted)
        if left:
            raise UserError(
                f"{left} requests of {label} failed in {ROUNDS} batches{self._said}",
                where=self._folder,
                hint="set mode: online for the rest; what was answered is in the journal",
            )

    def fetch_ended(self, requests: Iterable[ChatRequest], total: int, label: str) -> None:
        """Journal what has ended, and wait for nothing: what failed or expired is submitted again.

        Raises UserError as long as an answer is missing.
        """
        wanted = list(self._missing(requests))
        if not wanted:
            return
        is_all = self.collect({request.key for request in wanted})
        missing = list(self._missing(wanted))
        if not missing:
            return
        if is_all:
            if self._refused:
                self._most_items = max(FEWEST_ITEMS, len(missing) // 2)
            self.submit(missing, len(missing), label)
        raise UserError(
            f"{len(missing)} of {total} requests of {label} wait for their batches{self._said}",
            where=self._folder,
            hint="run the same command again later; nothing is submitted twice",
        )

    @property
    def _said(self) -> str:
        words = self._trouble or self._words
        return f": {words}" if words else ""

    def _wait(self, is_over: bool, label: str) -> None:
        """Until batches are looked at again; UserError where the time is over."""
        if is_over:
            raise UserError(
                f"batches of {label} are not finished yet{self._said}",
                where=self._folder,
                hint="run the same command again later; they are found again and nothing is submitted twice",
            )
        if not self._is_waiting:
            self._is_waiting = True
            hours, pause = self._teacher.batch_wait_hours, self._teacher.batch_poll_seconds
            log.info("%s: waiting for batches, for %.0f hours at most, looking every %.0f s", label, hours, pause)
        self._sleep(self._teacher.batch_poll_seconds)

    def submit(self, requests: Iterable[ChatRequest], total: int, label: str) -> int:
        """Submit the requests that neither the journal nor an open batch holds; how many batches that took."""
        self._reconcile()
        in_flight = {key for record in self._open() for key in record.keys}
        batches = 0
        for chunk in self._chunks(request for request in self._missing(requests) if request.key not in in_flight):
            self._check_budget(chunk, in_flight)
            record = BatchRecord(uuid.uuid4().hex, self._provider.now(), None, tuple(request.key for request in chunk))
            self._folder.mkdir(parents=True, exist_ok=True)
            write_json(self._contents_path(record), {request.key: request.content for request in chunk})
            self._write(record)
            identifier = self._provider.submit([(request.key, request.body) for request in chunk], record.tag)
            self._write(replace(record, id=identifier))
            self.submitted += len(chunk)
            batches += 1
            log.info("%s: batch %s with %d requests submitted", label, identifier, len(chunk))
        return batches

    def collect(self, keys: Set[str] | None = None) -> bool:
        """Journal the answers of the batches that have ended; whether none is open any more.

        With ``keys``, only of batches with one of these requests: other jobs wait for the others. A fault of the provider's
        service that may pass is told, and leaves its batch open: there is another turn.
        """
        known, self._trouble = self._trouble, ""
        are_known = self._succeeds(self._reconcile, known)
        wanted = [record for record in self._open() if keys is None or not keys.isdisjoint(record.keys)]
        ended = [one for one in wanted if self._succeeds(partial(self._provider.has_ended, str(one.id)), known)]
        taken = [one for one in ended if self._succeeds(partial(self._take, one), known)]
        return are_known and len(taken) == len(wanted)

    def _succeeds(self, call: Callable[[], bool | None], known: str = "") -> bool:
        """Whether the provider's service could be asked, and did not say no; trouble that is not ``known`` yet is told."""
        try:
            return call() is not False
        except BatchServiceTroubleError as trouble:
            if trouble.what not in (known, self._trouble):
                log.warning("%s; it is asked again at the next turn", trouble.what)
            self._trouble = trouble.what
            return False

    def _take(self, record: BatchRecord) -> None:
        contents = read_json(self._contents_path(record))
        assert record.id is not None
        failed = 0
        words = ""
        lasting: ProviderError | None = None
        outcomes = self._provider.results(record.id)
        try:
            first = list(itertools.islice(outcomes, 1))
        except BatchRefusedError as error:
            self._forget_refused(record, error)
            return
        for key, outcome in itertools.chain(first, outcomes):
            if key not in contents or key in self._journal:
                continue
            if isinstance(outcome, ProviderError):
                kept = self._keep_failure(key, contents[key], outcome, record.id)
                failed += not kept
                words = words or ("" if kept else str(outcome))
                # As online: what came as JSON and is no answer would come again, and be paid for again.
                is_sure = isinstance(outcome, UnusableAnswerError) and outcome.is_json
                if (is_sure or isinstance(outcome, PermanentError)) and not kept:
                    lasting = lasting or outcome
                continue
            price = None if self._price is None else cost(self._price, outcome.usage, is_batch=True)
            priced = replace(outcome, price_usd=price)
            self._journal.add(key, contents[key], priced, batch=record.id, **self._facts)
        self._journal.sync()
        self._path(record).unlink()
        self._contents_path(record).unlink()
        self._words = words or self._words
        said = f": {words}" if words else ""
        log.info("batch %s collected; %d of its requests failed or expired%s", record.id, failed, said)
        if lasting is not None:
            raise UserError(
                f"the provider answers: {lasting}",
                where=f"batch {record.id}, {failed} requests failed",
                hint="fix the cause and run again; what was answered is in the journal",
            )
        wrong = pinned_model.objection(self._teacher, self._journal.models(self._teacher.model))
        if wrong is not None:
            raise UserError(wrong, where=self._folder, hint=pinned_model.HINT)

    def _forget_refused(self, record: BatchRecord, error: BatchRefusedError) -> None:
        """A batch that the provider did not take: submitted again where its queue was full, else the end of the job."""
        self._path(record).unlink()
        self._contents_path(record).unlink()
        self._words = str(error)
        if not error.is_queue_full:
            raise UserError(
                f"the provider refuses a batch: {error}",
                where=f"batch {record.id}",
                hint="fix the cause and run again; what was answered is in the journal",
            )
        self._refused += 1
        log.info("batch %s waits for room in the provider's queue, and is submitted again: %s", record.id, error)

    def _keep_failure(self, key: str, content: dict[str, Any], error: ProviderError, batch: str) -> bool:
        """Journal what came in place of an answer; whether it is an outcome of its request."""
        model = str(content["body"]["model"])
        if isinstance(error, ContentFiltered):
            refused = Response("", "refusal", model, {}, price_usd=0.0, raw={"error": str(error)})
            self._journal.add(key, content, refused, batch=batch, **self._facts)
            return True
        if isinstance(error, RejectedRequestError):
            failed = Response("", FAILED, model, {}, price_usd=0.0, raw={"error": str(error)})
            self._journal.add(key, content, failed, batch=batch, **self._facts)
            log.info("a request failed, and the others go on: %s", error)
            return True
        if isinstance(error, UnusableAnswerError):
            price = None if self._price is None else cost(self._price, error.usage, is_batch=True)
            unusable = Response("", "unusable", model, error.usage, price, raw=error.raw)
            self._journal.add(key, content, unusable, batch=batch, unusable=True, **self._facts)
        return False

    def _reconcile(self) -> None:
        """Find batches that were submitted right before a crash; forget intents that the provider never saw."""
        for path in sorted(self._folder.glob("*.batch.json")):
            record = _load(path)
            if record.id is not None:
                continue
            known = {open_record.id for open_record in self._open()}
            found = self._provider.find(record.tag, record.created, len(record.keys))
            ours = next((batch for batch in found if batch not in known and self._is_ours(batch, record)), None)
            if ours is not None:
                self._write(replace(record, id=ours))
                log.info("batch %s was submitted before a crash and is found again", ours)
            else:
                path.unlink()
                self._contents_path(record).unlink(missing_ok=True)

    def _is_ours(self, identifier: str, record: BatchRecord) -> bool:
        """By the tag where the provider keeps one, else by the first item; that waits for the batch to end."""
        if self._provider.keeps_tags:
            return True
        waited = 0.0
        while not self._succeeds(partial(self._provider.has_ended, identifier), self._trouble):
            if waited >= self._wait_seconds:
                raise UserError(
                    f"batch {identifier} may be one that was submitted before a crash, and has not ended yet",
                    where=self._folder,
                    hint="run the same command again later",
                )
            self._sleep(self._teacher.batch_poll_seconds)
            waited += self._teacher.batch_poll_seconds
        keys = set(record.keys)
        return any(key in keys for key, _ in self._provider.results(identifier))

    def _missing(self, requests: Iterable[ChatRequest]) -> Iterator[ChatRequest]:
        seen: set[str] = set()
        for request in requests:
            if request.key not in seen and not is_answered(self._journal, request):
                seen.add(request.key)
                yield request

    def _chunks(self, requests: Iterable[ChatRequest]) -> Iterator[list[ChatRequest]]:
        chunk: list[ChatRequest] = []
        size = 0
        most = self._most_items or self._provider.most_items
        for request in requests:
            length = len(canonical_json(request.body)) + 200
            if chunk and (len(chunk) >= most or size + length > self._provider.most_bytes):
                yield chunk
                chunk, size = [], 0
            chunk.append(request)
            size += length
        if chunk:
            yield chunk

    def _check_budget(self, chunk: list[ChatRequest], in_flight: set[str]) -> None:
        """A batch is paid as a whole, so that its estimated price must fit before it is sent."""
        budget = self._teacher.budget_usd
        if budget is None or self._price is None:
            return
        written = sum(len(canonical_json(request.body)) for request in chunk) // 4
        usage = {"input_tokens": written, "output_tokens": _ESTIMATED_OUTPUT * (len(chunk) + len(in_flight))}
        estimate = cost(self._price, usage, is_batch=True) or 0.0
        if self._journal.spent_usd + estimate > budget:
            raise UserError(
                f"the budget of ${budget:.2f} does not cover a batch of about ${estimate:.4f} "
                f"(${self._journal.spent_usd:.4f} are spent)",
                hint="raise budget_usd, or set mode: online, which stops at the budget",
            )

    def _open(self) -> list[BatchRecord]:
        records = [_load(path) for path in sorted(self._folder.glob("*.batch.json"))]
        return [record for record in records if record.id is not None]

    def _path(self, record: BatchRecord) -> Path:
        return self._folder / f"{record.tag}.batch.json"

    def _contents_path(self, record: BatchRecord) -> Path:
        return self._folder / f"{record.tag}.requests.json"

    def _write(self, record: BatchRecord) -> None:
        write_json(self._path(record), asdict(record))


def _load(path: Path) -> BatchRecord:
    raw: dict[str, Any] = read_json(path)
    return BatchRecord(raw["tag"], raw["created"], raw["id"], tuple(raw["keys"]))
