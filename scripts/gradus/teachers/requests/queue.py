"""The purchase: send what the journal does not hold, at the provider's pace, within the budget, and journal each answer.

Whatever ends it (a lasting failure, the budget, a signal), nothing new is sent from then on, what is in flight is waited
for and journaled, and the reason is told.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

from gradus.runtime.errors import UserError
from gradus.runtime.progress import bar
from gradus.teachers.errors import Declined, Lasting, Passing, Throttled
from gradus.teachers.protocols import Chat
from gradus.teachers.requests.journal import Journal, Response, request_key
from gradus.teachers.requests.prices import Price
from gradus.teachers.requests.rate_limits import Bucket, Clock, Slots, WallClock

PASSING_ATTEMPTS = 8
PATIENCE_SECONDS = 1800.0
_START = 32
# The provider's own clock is not ours: this much of a limit is used.
_SHARE = 0.985


@dataclass(frozen=True)
class Limits:
    """What the user allows a teacher: requests and tokens per minute, requests in flight, dollars in all."""

    requests_per_minute: float | None
    tokens_per_minute: float | None
    max_concurrency: int
    budget_usd: float | None
    max_output_tokens: int


@dataclass(frozen=True)
class Order:
    """One request to buy: its body and sample index identify it, and the attempt where a sample is drawn again."""

    body: dict[str, Any]
    sample: int
    attempt: int = 0

    @property
    def content(self) -> dict[str, Any]:
        """The request's identity."""
        again = {"attempt": self.attempt} if self.attempt else {}
        return {"body": self.body, "sample": self.sample, **again}


class Purchase:
    """Buys orders from one provider into one journal. ``bought`` counts answers, ``attempts`` requests sent.

    ``connect`` makes the client, and is only called when something must be sent. ``accepts`` tells whether a model id is
    the pinned one. ``advice`` is added to the message of a lasting failure.
    """

    def __init__(
        self,
        connect: Callable[[], Chat],
        journal: Journal,
        limits: Limits,
        price: Price | None,
        accepts: Callable[[str], bool],
        advice: str = "",
        clock: Clock | None = None,
    ) -> None:
        self._connect = connect
        self._journal = journal
        self._limits = limits
        self._price = price
        self._accepts = accepts
        self._advice = advice
        self._clock = clock or WallClock()
        self.bought = 0
        self.attempts = 0
        self.throttled = 0

    def buy(self, orders: Iterable[Order], total: int, what: str) -> None:
        """Buy all orders that the journal lacks, each key once.

        Raises UserError with the reason where something stopped it; what was paid for is in the journal by then.
        """
        asyncio.run(self._run(orders, total, what))

    async def _run(self, orders: Iterable[Order], total: int, what: str) -> None:
        self._slots = Slots(_START, self._limits.max_concurrency)
        share = _SHARE
        per_minute, tokens = self._limits.requests_per_minute, self._limits.tokens_per_minute
        self._requests = Bucket(None if per_minute is None else per_minute * share, self._clock, burst_seconds=0.25)
        self._tokens = Bucket(None if tokens is None else tokens * share, self._clock, burst_seconds=10.0)
        self._stopped: UserError | None = None
        self._unexpected: Exception | None = None
        self._syncing: asyncio.Task[None] | None = None
        self._hold_until = self._clock.now()
        self._pauses = 0
        self._last_success = self._clock.now()
        self._typical_output = min(self._limits.max_output_tokens, 400)
        self._bar = bar(total, what, "request")
        self._bar.set_postfix_str(f"${self._journal.spent_usd:.4f}", refresh=False)
        waiting = self._missing(orders)
        chat: Chat | None = None
        first = next(waiting, None)
        if first is None:
            self._bar.close()
            return
        loop = asyncio.get_running_loop()
        handled = []
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, self._interrupt)
                handled.append(number)
        try:
            chat = self._connect()
            running: set[asyncio.Task[None]] = set()
            order: tuple[str, Order] | None = first
            while order is not None and self._stopped is None:
                episode = await self._slots.acquire()
                reserved = _tokens_of(order[1].body) + self._typical_output
                if self._stopped is not None or not await self._may_send(reserved):
                    self._slots.release()
                    break
                task = asyncio.create_task(self._one(chat, *order, episode, reserved))
                running.add(task)
                task.add_done_callback(running.discard)
                order = next(waiting, None)
            if running:
                await asyncio.wait(running)
        finally:
            for number in handled:
                loop.remove_signal_handler(number)
            self._bar.close()
            if self._syncing is not None:
                await self._syncing
            self._journal.sync()
            if chat is not None:
                await chat.close()
        if self._unexpected is not None:
            raise self._unexpected
        if self._stopped is not None:
            raise self._stopped

    def _missing(self, orders: Iterable[Order]) -> Iterator[tuple[str, Order]]:
        """The orders that the journal lacks; one that is in flight is not sent again."""
        self._flying: set[str] = set()
        for order in orders:
            key = request_key(order.content)
            if key in self._journal or key in self._flying:
                self._bar.update()
                continue
            self._flying.add(key)
            yield key, order

    def _interrupt(self) -> None:
        self._stop("stopped by a signal", "run the same command again to go on; every answer is in the journal")

    def _stop(self, what: str, hint: str) -> None:
        if self._stopped is None:
            self._stopped = UserError(what, where=f"annotation, {self.bought} answers bought", hint=hint)

    async def _may_send(self, reserved: int) -> bool:
        """Wait for the pace; False where budget or a stop forbid it."""
        budget = self._limits.budget_usd
        if budget is not None and self._journal.spent_usd >= budget:
            self._stop(
                f"the budget of ${budget:.2f} is spent (${self._journal.spent_usd:.4f} in this teacher's journal)",
                "raise budget_usd to go on; every answer is in the journal",
            )
            return False
        await self._requests.take(1)
        await self._tokens.take(reserved)
        await self._sleep(self._hold_until - self._clock.now())
        return self._stopped is None

    async def _sleep(self, seconds: float) -> None:
        """Sleep, or until something stops the purchase; longer if a 429 meanwhile holds everybody back."""
        end = self._clock.now() + seconds
        while self._stopped is None and (left := max(end, self._hold_until) - self._clock.now()) > 0:
            await self._clock.sleep(min(left, 1.0))

    async def _one(self, chat: Chat, key: str, order: Order, episode: int, reserved: int) -> None:
        attempts = 0
        try:
            try:
                attempts = 1
                self.attempts += 1
                response = await chat.send(order.body)
            except (Throttled, Passing) as failure:
                response, attempts = await self._again(chat, order, failure, episode)
            except Declined as failure:
                response = _declined(order, failure)
            self._settle(response, reserved)
            self._keep(key, order, response, attempts, chat.version)
        except Lasting as failure:
            self._stop(
                f"the provider answers: {failure}",
                f"mend the cause and run again; nothing paid for is lost{self._advice}",
            )
        except Throttled as failure:
            minutes = PATIENCE_SECONDS / 60
            self._stop(
                f"throttled for {minutes:.0f} minutes without one answer: {failure}", "lower requests_per_minute"
            )
        except Passing as failure:
            self._stop(
                f"no usable answer after {PASSING_ATTEMPTS} attempts: {failure}", "run again when the server is well"
            )
        except OSError as failure:
            self._stop(f"the journal cannot be written: {failure.strerror or failure}", "make room and run again")
        except Exception as failure:
            # A defect of ours or of a new provider: what is in flight is still kept, then it is raised as it is.
            self._unexpected = self._unexpected or failure
            self._stop("an unexpected error", "this is a defect; please report it")
        finally:
            self._flying.discard(key)
            self._slots.release()

    def _keep(self, key: str, order: Order, response: Response, attempts: int, version: str) -> None:
        price = None if self._price is None else self._price.cost(response.usage)
        self._journal.add(
            key, order.content, replace(response, price_usd=price), defer_sync=True, attempts=attempts, sdk=version
        )
        if self._journal.sync_is_due and (self._syncing is None or self._syncing.done()):
            # In a thread: a disk that takes its time must not hold up the requests.
            self._syncing = asyncio.create_task(asyncio.to_thread(self._journal.sync))
        self.bought += 1
        self._slots.succeeded()
        self._pauses = 0
        self._last_success = self._clock.now()
        self._bar.update()
        if self.bought % 20 == 0:
            self._bar.set_postfix_str(f"${self._journal.spent_usd:.4f}, {self._slots.active} in flight", refresh=False)
        if not self._accepts(response.model):
            self._stop(
                f"the answer comes from model {response.model!r}, which is not the pinned one ({order.body['model']!r})",
                "pin the model that answers, or name it in also_accept",
            )

    def _settle(self, response: Response, reserved: int) -> None:
        used = sum(response.usage.values())
        if used:
            self._tokens.settle(reserved - used)
            output = response.usage.get("output_tokens", 0)
            self._typical_output = round(0.95 * self._typical_output + 0.05 * output)

    async def _again(
        self, chat: Chat, order: Order, failure: Throttled | Passing, episode: int
    ) -> tuple[Response, int]:
        """Ask again: passing faults a few times with growing waits, 429s for as long as others still succeed."""
        state = {"passing": 0, "episode": episode, "attempts": 1}

        def has_given_up(call: RetryCallState) -> bool:
            if self._stopped is not None:
                return True
            if isinstance(_error_of(call), Throttled):
                return self._clock.now() - self._last_success > PATIENCE_SECONDS
            return state["passing"] >= PASSING_ATTEMPTS

        def wait(call: RetryCallState) -> float:
            return 0.0 if self._stopped else self._pause(_error_of(call), state)

        retrying = AsyncRetrying(
            retry=retry_if_exception_type((Throttled, Passing)),
            stop=has_given_up,
            wait=wait,
            sleep=self._sleep,
            reraise=True,
        )
        latest, is_first = failure, True

        async def attempt() -> Response:
            nonlocal latest, is_first
            if is_first:
                is_first = False
                self._count_failure(latest, state)
                raise latest
            await self._requests.take(1)
            if self._stopped is not None:
                raise latest
            state["attempts"] += 1
            self.attempts += 1
            try:
                return await chat.send(order.body)
            except (Throttled, Passing) as error:
                latest = error
                self._count_failure(error, state)
                raise
            except Declined as error:
                return _declined(order, error)

        return await retrying(attempt), state["attempts"]

    def _count_failure(self, error: Throttled | Passing, state: dict[str, int]) -> None:
        if isinstance(error, Throttled):
            self.throttled += 1
            if state["episode"] == self._slots._episode:
                self._pauses += 1
            self._slots.throttled(state["episode"])
            state["episode"] = self._slots._episode
        else:
            state["passing"] += 1

    def _pause(self, error: BaseException | None, state: dict[str, int]) -> float:
        """Seconds until the next attempt; a 429 holds everybody back."""
        if isinstance(error, Throttled):
            pause = error.retry_after if error.retry_after is not None else min(60.0, 2.0 ** min(self._pauses, 6) / 2)
            self._hold_until = max(self._hold_until, self._clock.now() + pause)
            return pause + random.uniform(0, 0.25)
        return min(60.0, 0.5 * 2.0 ** state["passing"]) * random.uniform(0.75, 1.25)


def _error_of(call: RetryCallState) -> BaseException | None:
    return None if call.outcome is None else call.outcome.exception()


def _declined(order: Order, failure: Declined) -> Response:
    return Response("", "refusal", str(order.body["model"]), {}, raw={"error": str(failure)})


def _tokens_of(body: dict[str, Any]) -> int:
    """A rough count of input tokens: four characters each."""
    written = sum(len(message["content"]) for message in body["messages"]) + len(body.get("system", ""))
    return written // 4 + 8
