"""The batch queue: the same requests, the same journal, about half the price, hours instead of minutes.

Every batch has a record in the teacher's journal folder: the intent before it is submitted, its id after. A crash between
the two is reconciled from the provider's listing, so that nothing is submitted twice. Expired, partial and failed batches
leave their items missing, and only those are submitted again.
"""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import replace
from functools import partial

from gradus.runtime.atomic import canonical_json
from gradus.runtime.errors import UserError
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
from gradus.teachers.requests.batch_budget import BatchBudget, is_uncounted
from gradus.teachers.requests.batch_records import BatchRecord, BatchRecords
from gradus.teachers.requests.chat_request import ChatRequest, RequestContent
from gradus.teachers.requests.empty_answers import EmptyAnswers
from gradus.teachers.requests.entries import SourceFacts
from gradus.teachers.requests.journal import Journal, Response
from gradus.teachers.requests.queue import NO_FACTS
from gradus.teachers.requests.rate_limits import WallClock
from gradus.teachers.requests.reuse import find_answer, is_answered, keys_of
from gradus.teachers.requests.shard_index import FAILED

ROUNDS = 5
# Where the provider's queue is full, batches are halved, but not below so many requests.
FEWEST_ITEMS = 20
_TELL_SECONDS = 1800.0


class BatchQueue:
    """Fetches answers by batch. ``submit`` and ``fetch_ended`` are the two halves; ``fetch`` does both until none is missing."""

    def __init__(
        self,
        connect: Callable[[], BatchService],
        journal: Journal,
        teacher: BatchableTeacher,
        price: PriceEntry | None,
        sleep: Callable[[float], None] = time.sleep,
        facts: SourceFacts = NO_FACTS,
    ) -> None:
        self._connect = connect
        self._service: BatchService | None = None
        self._journal = journal
        self._teacher = teacher
        self._budget = BatchBudget(journal, teacher, price)
        self._sleep = sleep
        self._facts = facts
        self._wait_seconds = teacher.batch_wait_hours * 3600
        self._records = BatchRecords(journal.folder / "batches")
        self._folder = self._records.folder
        self.submitted = 0
        self._job: dict[str, ChatRequest] = {}  # what this job lacked when it began, by key
        self._first = EmptyAnswers(teacher.rationale)
        self._uncounted = 0  # answers of this job in the journal that do not tell their tokens
        self._held_back = 0  # requests that wait until the job's first batch has been looked at
        self._waited = 0.0  # seconds
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
        wanted = self._begin(requests)
        if not wanted:
            return
        clock = WallClock()
        end = clock.now() + self._wait_seconds
        rounds = 0
        if self._records.open():
            self.collect(self._keys(wanted))
        while rounds < ROUNDS:
            missing = [request for request in wanted if not is_answered(self._journal, request)]
            if not missing:
                return
            self._refused = 0
            self._submit(missing, label)
            while not self.collect(self._keys(missing)):
                self._wait(clock.now() >= end, label)
            has_gained = any(is_answered(self._journal, one) for one in missing)
            rounds += not self._refused and not (self._held_back and has_gained)
            if self._refused and not has_gained:
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
        wanted = self._begin(requests)
        if not wanted:
            return
        is_all = self.collect(self._keys(wanted))
        missing = [request for request in wanted if not is_answered(self._journal, request)]
        if not missing:
            return
        if is_all:
            if self._refused:
                self._most_items = max(FEWEST_ITEMS, len(missing) // 2)
            self._submit(missing, label)
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
        self._pause(f"{label}: waiting for batches")

    def _pause(self, what: str) -> None:
        """Sleep until batches are looked at again; what is waited for is told at first, and then every half hour."""
        pause, waited = self._teacher.batch_poll_seconds, self._waited
        if not waited:
            hours = self._teacher.batch_wait_hours
            log.info("%s, for %.0f hours at most, looking every %.0f s", what, hours, pause)
        self._sleep(pause)
        self._waited += pause
        if self._waited // _TELL_SECONDS > waited // _TELL_SECONDS:
            log.info("%s, for %.1f hours by now", what, self._waited / 3600)

    def submit(self, requests: Iterable[ChatRequest], total: int, label: str) -> int:
        """Submit the requests that neither the journal nor an open batch holds; how many batches that took."""
        return self._submit(self._begin(requests), label)

    def _begin(self, requests: Iterable[ChatRequest]) -> list[ChatRequest]:
        """What the journal lacks of a job, each request once; what it holds shows whether this teacher can be read."""
        self._job, self._first, self._uncounted = {}, EmptyAnswers(self._teacher.rationale), 0
        seen: set[str] = set()
        for request in requests:
            if request.key in seen:
                continue
            seen.add(request.key)
            held = find_answer(self._journal, request)
            if held is None:
                self._job[request.key] = request
                self._first.is_settled |= request.attempt > 0
            else:
                self._uncounted += is_uncounted(held.response)
                self._first.look(request, held.response)
        return list(self._job.values())

    def _submit(self, requests: Iterable[ChatRequest], label: str) -> int:
        """Submit what no open batch holds. Until a job has shown an answer that can be read, one batch goes alone: what is wrong
        with all answers is found at the price of one batch."""
        self._reconcile()
        records = self._records.open()
        in_flight, limits = self._records.open_keys(), self._records.open_limits()
        wanted = [request for request in requests if in_flight.isdisjoint(keys_of(request, limits))]
        self._held_back = 0
        if not wanted:
            return 0
        self._budget.check_before(self._uncounted)
        self._object()
        is_alone = not self._first.is_settled
        is_out = not in_flight.isdisjoint(self._keys(self._job.values()))
        contents = (self._records.contents(record).values() for record in records) if self._budget.is_set else ()
        reserved = self._budget.estimate(content["body"] for batch in contents for content in batch)
        batches = sent = 0
        for chunk in self._chunks(wanted):
            if is_alone and (batches or is_out):
                self._held_back = len(wanted) - sent
                log.info("%s: %d requests wait until its first batch has been looked at", label, self._held_back)
                break
            estimate = self._budget.estimate(request.body for request in chunk)
            self._budget.check(estimate, reserved)
            reserved += estimate
            record = BatchRecord(uuid.uuid4().hex, self._provider.now(), None, tuple(request.key for request in chunk))
            with self._records.intending(record, chunk):
                identifier = self._provider.submit([(request.key, request.body) for request in chunk], record.tag)
            self._records.write(replace(record, id=identifier))
            sent += len(chunk)
            batches += 1
            log.info("%s: batch %s with %d requests submitted", label, identifier, len(chunk))
        self.submitted += sent
        return batches

    def _keys(self, requests: Iterable[ChatRequest]) -> set[str]:
        """Under which some requests may be in open batches: an answer under a lower output limit may be whole."""
        limits = self._records.open_limits()
        return {key for request in requests for key in keys_of(request, limits)}

    def _look(self, key: str, response: Response) -> None:
        if key in self._job:
            self._first.look(self._job[key], response)

    def _object(self) -> None:
        """UserError where the first answers of this job were all empty or could not be read."""
        objection = self._first.objection()
        if objection is not None:
            what, hint = objection
            raise UserError(f"{what}; all are in the journal", where=self._folder, hint=hint)

    def collect(self, keys: Set[str] | None = None) -> bool:
        """Journal the answers of the batches that have ended; whether none is open any more.

        With ``keys``, only of batches with one of these requests: other jobs wait for the others. A fault of the provider's
        service that may pass is told, and leaves its batch open: there is another turn.
        """
        known, self._trouble = self._trouble, ""
        are_known = self._succeeds(self._reconcile, known)
        wanted = [record for record in self._records.open() if keys is None or not keys.isdisjoint(record.keys)]
        taken, stop = 0, None
        for record in wanted:
            try:
                if self._succeeds(partial(self._has_ended, record), known):
                    taken += self._succeeds(partial(self._take, record), known)
            except UserError as error:
                # Others that have ended are paid for as well, and kept first.
                stop = stop or error
        if stop is not None:
            raise stop
        return are_known and taken == len(wanted)

    def _has_ended(self, record: BatchRecord) -> bool:
        try:
            return self._provider.has_ended(str(record.id))
        except BatchServiceTroubleError:
            raise
        except UserError as error:
            hint = f"{error.hint or 'fix the cause and run again'}; `python scripts/batches.py forget` gives a batch up"
            raise UserError(error.what, where=f"batch {record.id}", hint=hint) from None

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
        contents = self._records.contents(record)
        assert record.id is not None
        failed = uncounted = 0
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
            priced = replace(outcome, price_usd=self._budget.price(outcome.usage))
            uncounted += priced.price_usd is None
            self._journal.add(key, contents[key], priced, batch=record.id, **self._facts)
            self._look(key, priced)
        self._journal.sync()
        self._records.drop(record)
        self._words = words or self._words
        said = f": {words}" if words else ""
        log.info("batch %s collected; %d of its requests failed or expired%s", record.id, failed, said)
        if lasting is not None:
            raise UserError(
                f"the provider answers: {lasting}",
                where=f"batch {record.id}, {failed} requests failed",
                hint="fix the cause and run again; what was answered is in the journal",
            )
        self._budget.check_after(record.id, uncounted)
        self._object()
        wrong = pinned_model.objection(self._teacher, self._journal.models(self._teacher.model))
        if wrong is not None:
            raise UserError(wrong, where=self._folder, hint=pinned_model.HINT)

    def _forget_refused(self, record: BatchRecord, error: BatchRefusedError) -> None:
        """A batch that the provider did not take: submitted again where its queue was full, else the end of the job."""
        self._records.drop(record)
        self._words = str(error)
        if not error.is_queue_full:
            raise UserError(
                f"the provider refuses a batch: {error}",
                where=f"batch {record.id}",
                hint="fix the cause and run again; what was answered is in the journal",
            )
        self._refused += 1
        log.info("batch %s waits for room in the provider's queue, and is submitted again: %s", record.id, error)

    def _keep_failure(self, key: str, content: RequestContent, error: ProviderError, batch: str) -> bool:
        """Journal what came in place of an answer; whether it is an outcome of its request."""
        model = str(content["body"]["model"])
        if isinstance(error, ContentFiltered):
            refused = Response("", "refusal", model, {}, price_usd=0.0, raw={"error": str(error)})
            self._journal.add(key, content, refused, batch=batch, **self._facts)
            self._look(key, refused)
            return True
        if isinstance(error, RejectedRequestError):
            failed = Response("", FAILED, model, {}, price_usd=0.0, raw={"error": str(error)})
            self._journal.add(key, content, failed, batch=batch, **self._facts)
            log.info("a request failed, and the others go on: %s", error)
            return True
        if isinstance(error, UnusableAnswerError):
            unusable = Response("", "unusable", model, error.usage, self._budget.price(error.usage), raw=error.raw)
            self._journal.add(key, content, unusable, batch=batch, unusable=True, **self._facts)
        return False

    def _reconcile(self) -> None:
        """Find batches that were submitted right before a crash; forget intents that the provider never saw."""
        for record in self._records.all():
            if record.id is not None:
                continue
            known = {open_record.id for open_record in self._records.open()}
            found = self._provider.find(record.tag, record.created, len(record.keys))
            ours = next((batch for batch in found if batch not in known and self._is_ours(batch, record)), None)
            if ours is not None:
                self._records.write(replace(record, id=ours))
                log.info("batch %s was submitted before a crash and is found again", ours)
            else:
                self._records.drop(record)

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
            self._pause(f"waiting for batch {identifier}, which may be one that was submitted before a crash")
            waited += self._teacher.batch_poll_seconds
        keys = set(record.keys)
        return any(key in keys for key, _ in self._provider.results(identifier))

    def _chunks(self, requests: Iterable[ChatRequest]) -> Iterator[list[ChatRequest]]:
        chunk: list[ChatRequest] = []
        size = 0
        most = min(self._most_items or self._provider.most_items, self._provider.most_items)
        for request in requests:
            length = len(canonical_json(request.body)) + 200
            if chunk and (len(chunk) >= most or size + length > self._provider.most_bytes):
                yield chunk
                chunk, size = [], 0
            chunk.append(request)
            size += length
        if chunk:
            yield chunk
