"""A job's run: the state of one call of the request queue, its waits, and what they say."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tqdm import tqdm

from gradus.runtime.errors import UserError
from gradus.runtime.program import log
from gradus.teachers.errors import ProviderError, RateLimitError
from gradus.teachers.requests.bookkeeping import Bookkeeping
from gradus.teachers.requests.empty_answers import EmptyAnswers
from gradus.teachers.requests.journal import Response
from gradus.teachers.requests.rate_limits import Bucket, Clock, Slots

# A wait is told once nothing was answered for so long, and not more often than every few minutes.
_SILENCE_SECONDS = 60.0
_TELL_SECONDS = 300.0


@dataclass
class Run:
    """The state of one call of ``fetch``."""

    clock: Clock
    slots: Slots
    request_bucket: Bucket
    token_bucket: Bucket
    progress: tqdm[Any]
    books: Bookkeeping
    first: EmptyAnswers
    typical_output: int
    hold_until: float  # nobody sends before this time: a 429 holds all requests back
    last_success: float
    total: int
    hold_reason: str = "as the provider asks"
    answers: int = 0
    failed: int = 0
    batched: int = 0  # requests that were left out, since an open batch holds them
    timed_out: int = 0  # requests whose answer did not come, of the whole job
    is_slow: bool = False  # an answer took longer than timeout_seconds, and that was told
    signals: int = 0
    models: set[str] = field(default_factory=set)  # those that answered
    pauses: int = 0  # episodes of 429s since the last answer
    in_flight: set[str] = field(default_factory=set)
    stopped: UserError | None = None
    unexpected: Exception | None = None
    _told: float | None = None  # when a wait was told last

    async def sleep(self, seconds: float, why: str) -> None:
        """Sleep, or until something stops the queue; longer if a 429 meanwhile holds all requests back."""
        end = self.clock.now() + seconds
        while self.stopped is None and (left := max(end, self.hold_until) - self.clock.now()) > 0:
            self._tell(why if end >= self.hold_until else self.hold_reason, left)
            await self.clock.sleep(min(left, 1.0))

    async def take_request(self) -> None:
        """Wait until the limit of requests allows one more."""
        await self.sleep(self.request_bucket.reserve(1), "for the limit of requests per minute")

    async def take_tokens(self, amount: int) -> None:
        """Wait until the limit of tokens allows so many more."""
        wait = self.token_bucket.reserve(amount)
        await self.sleep(wait, "for the limit of tokens per minute")

    def _tell(self, why: str, ahead: float) -> None:
        """Say what is waited for, if that has taken or will take longer than a minute."""
        now = self.clock.now()
        silent = now - self.last_success
        is_long = silent > _SILENCE_SECONDS or ahead > _SILENCE_SECONDS
        if not is_long or (self._told is not None and now - self._told < _TELL_SECONDS):
            return
        self._told = now
        if silent > _SILENCE_SECONDS:
            since = datetime.now() - timedelta(seconds=silent)
            log.info(
                "no answer for %.0f s, since %s: waiting %s; %.0f s to go", silent, f"{since:%H:%M:%S}", why, ahead
            )
        else:
            log.info("waiting %s; %.0f s to go", why, ahead)

    def count_rate_limit(self, episode: int) -> int:
        """Shrink the concurrency for a request of ``episode`` that got a 429; the episode of its next attempt."""
        self.pauses += self.slots.throttled(episode)
        return self.slots.episode

    def pause_after_rate_limit(self, error: RateLimitError) -> float:
        """Seconds until the next attempt, for which all requests are held back."""
        pause = error.retry_after if error.retry_after is not None else min(60.0, 2.0 ** min(self.pauses, 6) / 2)
        return self.hold_back(pause, error)

    def hold_back(self, pause: float, error: ProviderError) -> float:
        """Send nothing for so many seconds, as the provider asks; the pause of the request that was told so."""
        if self.clock.now() + pause > self.hold_until:
            self.hold_until = self.clock.now() + pause
            self.hold_reason = f"as the provider asks: {error}"
        return pause + random.uniform(0, 0.25)

    def reconcile(self, response: Response, reserved: int) -> None:
        """Correct the tokens that were reserved for a request by those that it used, and the limits by what it tells of them."""
        self.request_bucket.announce(response.announced.requests_per_minute)
        self.token_bucket.announce(response.announced.tokens_per_minute)
        used = response.usage.get("input_tokens", 0) + response.usage.get("output_tokens", 0)
        if used:
            self.token_bucket.reconcile(reserved - used)
            output = response.usage.get("output_tokens", 0)
            self.typical_output = round(0.95 * self.typical_output + 0.05 * output)


@contextlib.contextmanager
def interruptible(stop: Callable[[], None]) -> Iterator[None]:
    """While the block runs, SIGINT and SIGTERM call ``stop``."""
    loop = asyncio.get_running_loop()
    handled = []
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, stop)
            handled.append(number)
    try:
        yield
    finally:
        for number in handled:
            loop.remove_signal_handler(number)
