"""The request queue: send what the journal lacks, within the provider's limits and the budget, and journal each answer.

Whatever ends it (a permanent error, the budget, a signal), nothing new is sent from then on, requests in flight are waited
for and journaled, and the reason is raised.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Iterator

from gradus.runtime.errors import UserError
from gradus.runtime.program import log
from gradus.runtime.progress import bar
from gradus.study.config.teachers import ChatTeacher, PriceEntry
from gradus.teachers.errors import (
    BadRequestError,
    ContentFiltered,
    ProviderError,
    RateLimitError,
    RejectedRequestError,
    TimedOutError,
    TransientError,
    UnreachableError,
    UnusableAnswerError,
)
from gradus.teachers.protocols import ChatClient
from gradus.teachers.requests import pinned_model
from gradus.teachers.requests.batch_records import BatchRecords
from gradus.teachers.requests.bookkeeping import Bookkeeping
from gradus.teachers.requests.chat_request import ChatRequest
from gradus.teachers.requests.descriptors import most_connections
from gradus.teachers.requests.empty_answers import EmptyAnswers
from gradus.teachers.requests.entries import SourceFacts
from gradus.teachers.requests.estimates import expected_output, input_tokens
from gradus.teachers.requests.job_run import Run, interruptible
from gradus.teachers.requests.journal import Journal, Response
from gradus.teachers.requests.rate_limits import Bucket, Clock, Slots, WallClock
from gradus.teachers.requests.reuse import find_answer, keys_of
from gradus.teachers.requests.shard_index import FAILED
from gradus.teachers.requests.stops import (
    PATIENCE_SECONDS,
    SLOW_ATTEMPTS,
    TORN_ATTEMPTS,
    TRANSIENT_ATTEMPTS,
    UNREACHABLE_ATTEMPTS,
    reason,
)

NO_FACTS: SourceFacts = {}
_START = 32
# The provider's own clock is not ours: this much of a limit is used.
_SHARE = 0.985


class RequestQueue:
    """Sends requests to one provider and keeps the answers in one journal.

    ``fetched`` counts answers, ``attempts`` requests sent, ``rate_limited`` 429s; ``concurrency`` is what the last call of
    ``fetch`` ended with. ``connect`` makes the client, and is only called when something must be sent. ``facts`` (server,
    account) are kept beside every answer.
    """

    def __init__(
        self,
        connect: Callable[[], ChatClient],
        journal: Journal,
        teacher: ChatTeacher,
        price: PriceEntry | None,
        clock: Clock | None = None,
        facts: SourceFacts = NO_FACTS,
    ) -> None:
        self._connect = connect
        self._journal = journal
        self._teacher = teacher
        self._price = price
        self._clock = clock or WallClock()
        self._facts = facts
        self.fetched = 0
        self.attempts = 0
        self.rate_limited = 0
        self.concurrency = 0

    def fetch(self, requests: Iterable[ChatRequest], total: int, label: str) -> None:
        """Fetch all answers that the journal lacks, each key once.

        Raises UserError with the reason where something stopped it; what was paid for is in the journal by then.
        """
        asyncio.run(self._fetch(requests, total, label))

    async def _fetch(self, requests: Iterable[ChatRequest], total: int, label: str) -> None:
        run = self._new_run(total, label)
        missing = self._missing(requests, run, BatchRecords(self._journal.folder / "batches"))
        first = next(missing, None)
        if first is None:
            run.progress.close()
            self._tell_batched(run, label)
            return
        client: ChatClient | None = None
        try:
            with interruptible(lambda: self._interrupt(run)):
                client = self._connect()
                self._journal.prepare()
                await self._send_all(run, client, first, missing)
                signals = run.signals
                await run.books.wait_for_room(lambda: run.signals > signals)
        finally:
            self.concurrency = int(run.slots.limit)
            run.progress.close()
            await run.books.finish()
            if client is not None:
                await client.close()
        if run.unexpected is not None:
            raise run.unexpected
        if run.stopped is not None:
            # Counted here, when nothing is in flight any more.
            where = f"annotation, {self.fetched} answers fetched"
            raise UserError(run.stopped.what, where=where, hint=run.stopped.hint)
        self._tell_batched(run, label)

    def _tell_batched(self, run: Run, label: str) -> None:
        """UserError where requests were left out because batches hold them, or may."""
        if run.batched:
            raise UserError(
                f"{run.batched} requests of {label} are in open batches, or in one whose submission was not confirmed, "
                "and would be paid twice",
                where=self._journal.folder / "batches",
                hint="set mode: batch until they are collected, or give a batch up: `python scripts/batches.py forget`",
            )

    def _new_run(self, total: int, label: str) -> Run:
        progress = bar(total, label, "request")
        progress.set_postfix_str(f"${self._journal.spent_usd:.4f}", refresh=False)
        return Run(
            clock=self._clock,
            slots=Slots(_START, most_connections(self._teacher.max_concurrency)),
            request_bucket=Bucket(self._teacher.requests_per_minute, self._clock, 0.25, _SHARE),
            token_bucket=Bucket(self._teacher.tokens_per_minute, self._clock, 10.0, _SHARE),
            progress=progress,
            total=total,
            books=Bookkeeping(self._journal, self._price, self._clock),
            typical_output=expected_output(self._teacher),
            hold_until=self._clock.now(),
            last_success=self._clock.now(),
            first=EmptyAnswers(self._teacher.rationale),
        )

    def _missing(self, requests: Iterable[ChatRequest], run: Run, batches: BatchRecords) -> Iterator[ChatRequest]:
        """The requests that the journal and open batches lack; one that is in flight is not sent again."""
        batched, limits = batches.held()
        for request in requests:
            held = None if request.key in run.in_flight else find_answer(self._journal, request)
            if held is not None:
                run.first.look_at_held(request, held.response)
            if held is not None or request.key in run.in_flight:
                run.progress.update()
                continue
            if batched and not batched.isdisjoint(keys_of(request, limits)):
                run.batched += 1
                continue
            run.in_flight.add(request.key)
            yield request

    async def _send_all(self, run: Run, client: ChatClient, first: ChatRequest, others: Iterator[ChatRequest]) -> None:
        """Send requests until none is left or something stops the run; returns when none is in flight any more.

        The first one goes alone, until one has been answered: what is wrong with all of them is found at the price of one.
        """
        running: set[asyncio.Task[None]] = set()
        request: ChatRequest | None = first
        try:
            while request is not None and run.stopped is None:
                episode = await run.slots.acquire()
                reserved = input_tokens(request.body) + run.typical_output
                if run.stopped is not None or not await self._may_send(run, reserved):
                    run.slots.release()
                    break
                task = asyncio.create_task(self._send(run, client, request, episode, reserved))
                running.add(task)
                task.add_done_callback(running.discard)
                if not run.answers:
                    await asyncio.wait([task])
                request = next(others, None)
        except Exception as error:
            # Whatever raised while requests were drawn: what is in flight is kept first.
            run.unexpected = run.unexpected or error
            self._stop(run, "an unexpected error", "this is a defect; please report it")
        if running:
            await asyncio.wait(running)

    async def _may_send(self, run: Run, reserved: int) -> bool:
        """Wait until the limits allow one more request; False where the budget or a stop forbids it."""
        budget = self._teacher.budget_usd
        if budget is not None and self._journal.spent_usd >= budget:
            self._stop(
                run,
                f"the budget of ${budget:.2f} is spent (${self._journal.spent_usd:.4f} in this teacher's journal)",
                "raise budget_usd to go on; every answer is in the journal",
            )
            return False
        await run.take_request()
        await run.take_tokens(reserved)
        await run.sleep(run.hold_until - self._clock.now(), run.hold_reason)
        return run.stopped is None

    async def _send(self, run: Run, client: ChatClient, request: ChatRequest, episode: int, reserved: int) -> None:
        """Send one request and journal its answer; a failure that retries do not fix stops the run."""
        try:
            response, attempts = await self._answer(run, client, request, episode)
            self._keep(run, request, response, attempts, client.version)
            run.reconcile(response, reserved)
        except ProviderError as error:
            self._stop(run, *reason(error, self._teacher))
        except OSError as error:
            self._stop(run, f"the journal cannot be written: {error.strerror or error}", "make room and run again")
        except Exception as error:
            # A defect of ours or of a new provider: what is in flight is still kept, then it is raised as it is.
            run.unexpected = run.unexpected or error
            self._stop(run, "an unexpected error", "this is a defect; please report it")
        finally:
            run.in_flight.discard(request.key)
            run.slots.release()

    async def _answer(self, run: Run, client: ChatClient, request: ChatRequest, episode: int) -> tuple[Response, int]:
        """The answer to one request, and how many attempts it took.

        Transient errors are retried a few times with growing pauses, 429s for as long as other requests still succeed.
        Raises the last error where no attempt is left, or where something stopped the run meanwhile.
        """
        attempts = transient = torn = 0
        while True:
            attempts += 1
            self.attempts += 1
            failure: ProviderError
            sent = self._clock.now()
            try:
                response = await client.send(request.body)
                self._tell_if_slow(run, self._clock.now() - sent)
                return response, attempts
            except ContentFiltered as error:
                refused = Response("", "refusal", str(request.body["model"]), {}, 0.0, raw={"error": str(error)})
                return refused, attempts
            except RejectedRequestError as error:
                return self._failed(run, request, error), attempts
            except BadRequestError as error:
                if not run.answers:
                    raise
                return self._failed(run, request, error), attempts
            except RateLimitError as error:
                failure = error
                self.rate_limited += 1
                episode = run.count_rate_limit(episode)
                is_long = (error.retry_after or 0) > PATIENCE_SECONDS
                if is_long or run.stopped is not None or self._clock.now() - run.last_success > PATIENCE_SECONDS:
                    raise
                pause = run.pause_after_rate_limit(error)
            except UnusableAnswerError as error:
                failure = error
                torn += 1
                run.books.keep_unusable(request, error, sdk=client.version, **self._facts)
                if error.is_json or run.stopped is not None or torn >= TORN_ATTEMPTS:
                    raise
                pause = 1.0
            except TransientError as error:
                failure = error
                transient += 1
                # Of the whole job: a server that stalls with many requests in flight may bill each of them.
                run.timed_out += isinstance(error, TimedOutError)
                is_nobody_there = isinstance(error, UnreachableError) and not run.answers
                most = UNREACHABLE_ATTEMPTS if is_nobody_there else TRANSIENT_ATTEMPTS
                is_long = (error.retry_after or 0) > PATIENCE_SECONDS
                if is_long or run.stopped is not None or transient >= most or run.timed_out >= SLOW_ATTEMPTS:
                    raise
                pause = min(60.0, 0.5 * 2.0**transient) * random.uniform(0.75, 1.25)
                if error.retry_after is not None:
                    pause = max(pause, run.hold_back(error.retry_after, error))
            await run.sleep(pause, f"until a request may be sent again: {failure}")
            await run.take_request()
            if run.stopped is not None:
                raise failure

    def _failed(self, run: Run, request: ChatRequest, error: ProviderError) -> Response:
        """A request that the provider cannot answer: an outcome, as long as there are few of them."""
        run.failed += 1
        log.info("a request failed, and the others go on: %s", error)
        if run.failed > self._teacher.tolerated(run.total):
            self._stop(
                run,
                f"{run.failed} of {run.total} requests failed, the last one: {error}",
                "take those problems out, or raise tolerated_failures; `python scripts/batches.py list` shows all of them",
            )
        return Response("", FAILED, str(request.body["model"]), {}, 0.0, raw={"error": str(error)})

    def _tell_if_slow(self, run: Run, seconds: float) -> None:
        if seconds > self._teacher.timeout_seconds and not run.is_slow:
            run.is_slow = True
            log.info(
                "an answer took %.0f s, longer than timeout_seconds; it is kept, and %.0f s are waited for one",
                seconds,
                self._teacher.longest_wait_seconds,
            )

    def _keep(self, run: Run, request: ChatRequest, response: Response, attempts: int, version: str) -> None:
        price = run.books.keep(request, response, attempts=attempts, sdk=version, **self._facts)
        self.fetched += 1
        run.answers += response.finish_reason != FAILED
        run.slots.succeeded()
        run.pauses = 0
        run.last_success = self._clock.now()
        run.progress.update()
        if self.fetched % 20 == 0:
            state = f"${self._journal.spent_usd:.4f}, {run.slots.active} in flight"
            run.progress.set_postfix_str(state, refresh=False)
        if price is None and self._teacher.budget_usd is not None:
            self._stop(
                run,
                "an answer does not tell its tokens (no usage), so that the budget cannot be kept",
                "leave budget_usd out and watch the provider's own bill",
            )
        run.first.look(request, response)
        unreadable = run.first.objection()
        if unreadable is not None:
            self._stop(run, *unreadable)
        if response.model not in run.models:
            run.models.add(response.model)
            answered = {response.model, *self._journal.models(self._teacher.model)}
            wrong = pinned_model.objection(self._teacher, answered)
            if wrong is not None:
                self._stop(run, wrong, pinned_model.HINT)

    def _interrupt(self, run: Run) -> None:
        run.signals += 1
        self._stop(run, *_SIGNALLED)

    def _stop(self, run: Run, what: str, hint: str) -> None:
        """Let nothing new be sent; the first reason is the one that is raised."""
        if run.stopped is None:
            run.stopped = UserError(what, hint=hint)


_SIGNALLED = ("stopped by a signal", "run the same command again to go on; every answer is in the journal")
