"""Rate limits: requests and tokens per minute, and a concurrency that finds the provider's own limit.

The concurrency doubles until the first 429, then shrinks by a fifth per episode of 429s and grows by a twentieth per clean
round (additive-increase rules as in inspect_ai, our own code). Faults of the server (5xx) do not shrink it.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import Protocol


class Clock(Protocol):
    """Time in seconds; tests bring their own."""

    def now(self) -> float:
        """A time that never runs backwards."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class WallClock:
    """The machine's clock."""

    def now(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Bucket:
    """A limit per minute, spent evenly: never more than ``burst_seconds`` of the limit at once.

    ``take`` may overdraw (a single taking larger than the burst): the next one then waits longer. So much of a limit is used as
    ``share`` says, for the provider's clock is not ours.
    """

    def __init__(self, per_minute: float | None, clock: Clock, burst_seconds: float = 1.0, share: float = 1.0) -> None:
        self._share, self._burst_seconds = share, burst_seconds
        self._cap = None if per_minute is None else share * per_minute / 60.0
        self._rate = self._cap
        self._clock = clock
        self._burst = 0.0 if self._rate is None else max(1.0, self._rate * burst_seconds)
        self._level = self._burst
        self._last = clock.now()

    def announce(self, per_minute: float | None) -> None:
        """The provider's own word on its limit, which counts below the cap; None tells nothing."""
        if not per_minute:
            return
        announced = self._share * per_minute / 60.0
        rate = announced if self._cap is None else min(announced, self._cap)
        if rate == self._rate:
            return
        if self._rate is None:
            self._last = self._clock.now()
        else:
            self._refill()
        self._rate, self._burst = rate, max(1.0, rate * self._burst_seconds)
        self._level = min(self._level, self._burst)

    def _refill(self) -> None:
        assert self._rate is not None
        now = self._clock.now()
        self._level = min(self._burst, self._level + (now - self._last) * self._rate)
        self._last = now

    async def take(self, amount: float) -> None:
        """Wait until ``amount`` fits, then spend it."""
        wait = self.reserve(amount)
        if wait:
            await self._clock.sleep(wait)

    def reserve(self, amount: float) -> float:
        """Spend ``amount``, and the seconds to wait until it fits. Takers are served one after another by their debt."""
        if self._rate is None:
            return 0.0
        self._refill()
        self._level -= amount
        return max(0.0, -self._level / self._rate)

    def reconcile(self, difference: float) -> None:
        """Give back what was reserved too much (negative: take what was reserved too little)."""
        if self._rate is not None:
            self._level += difference


class Slots:
    """How many requests may be in flight: ``limit`` now, ``active`` of them are; ``episode`` counts episodes of 429s."""

    def __init__(self, start: int, ceiling: int) -> None:
        self.limit = float(min(start, ceiling))
        self.ceiling = ceiling
        self.active = 0
        self._is_slow_start = True
        self._clean = 0
        self._peak = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.episode = 0

    async def acquire(self) -> int:
        """Wait for a slot; returns the episode in which the request goes out."""
        while self.active >= int(self.limit):
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            await waiter
        self.active += 1
        self._peak = max(self._peak, self.active)
        return self.episode

    def release(self) -> None:
        """Give the slot back."""
        self.active -= 1
        self._wake()

    def succeeded(self) -> None:
        """A clean answer; a whole round of them raises the limit, if all slots were in use since it was last raised."""
        if self.limit >= self.ceiling or self._peak < int(self.limit):
            return
        self._clean += 1
        if self._clean >= int(self.limit):
            self._clean = 0
            self._peak = self.active
            grown = self.limit * 2 if self._is_slow_start else max(self.limit + 1, self.limit * 1.05)
            self.limit = min(float(self.ceiling), grown)
            self._wake()

    def throttled(self, episode: int) -> bool:
        """A 429; only the first one of those that were in flight together shrinks the limit: whether this is it."""
        if episode != self.episode:
            return False
        self.episode += 1
        self._is_slow_start = False
        self._clean = 0
        self.limit = max(1.0, self.limit * 0.8)
        return True

    def _wake(self) -> None:
        free = int(self.limit) - self.active
        while free > 0 and self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                free -= 1
