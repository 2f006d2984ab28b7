"""Rate limits: limits per minute kept, concurrency that finds the provider's limit; on a clock of our own."""

import asyncio
from typing import Any

import pytest
from builders import FakeClock

from gradus.teachers.requests.rate_limits import Bucket, Slots


@pytest.mark.parametrize("rate", [60, 600, 1000])
def test_a_bucket_keeps_its_rate_and_uses_it(rate: float) -> None:
    clock = FakeClock()
    bucket = Bucket(rate, clock, burst_seconds=0.25)

    async def take() -> None:
        for _ in range(200):
            await bucket.take(1)

    asyncio.run(take())
    ideal = (200 - max(1.0, rate / 240)) / rate * 60
    assert ideal - 0.01 <= clock.time <= ideal * 1.01


def test_a_bucket_without_a_limit_never_waits() -> None:
    clock = FakeClock()

    async def take() -> None:
        for _ in range(1000):
            await Bucket(None, clock).take(10**6)

    asyncio.run(take())
    assert clock.time == 0


def test_what_was_reserved_too_much_comes_back() -> None:
    clock = FakeClock()
    bucket = Bucket(6000, clock, burst_seconds=1.0)  # 100 a second

    async def take() -> None:
        for _ in range(50):
            await bucket.take(100)
            bucket.reconcile(90)

    asyncio.run(take())
    assert clock.time <= 50 * 10 / 100 + 2


def drive(slots: Slots, rounds: int, limit: int) -> list[float]:
    """Rounds of full use against a provider that throttles above ``limit`` in flight; the limit after each round."""
    seen = []

    async def one_round() -> None:
        for _ in range(rounds):
            used = int(slots.limit)
            episodes = [await slots.acquire() for _ in range(used)]
            for number, episode in enumerate(episodes):
                if number >= limit:
                    slots.throttled(episode)
                else:
                    slots.succeeded()
            for _ in episodes:
                slots.release()
            seen.append(slots.limit)

    asyncio.run(one_round())
    return seen


def test_concurrency_doubles_then_stays_near_the_providers_limit() -> None:
    seen = drive(Slots(start=4, ceiling=500), rounds=60, limit=50)
    assert seen[:4] == [8, 16, 32, 64]
    assert all(35 <= value <= 60 for value in seen[8:])


def test_one_episode_of_429s_shrinks_once() -> None:
    slots = Slots(start=10, ceiling=100)

    async def throttle() -> None:
        episodes = [await slots.acquire() for _ in range(10)]
        for episode in episodes:
            slots.throttled(episode)
            slots.release()

    asyncio.run(throttle())
    assert slots.limit == 8


def test_the_ceiling_is_never_passed() -> None:
    slots = Slots(start=8, ceiling=20)
    most = 0

    async def work() -> None:
        nonlocal most
        await slots.acquire()
        most = max(most, slots.active)
        await asyncio.sleep(0)
        slots.succeeded()
        slots.release()

    async def many() -> None:
        await asyncio.gather(*(work() for _ in range(500)))

    asyncio.run(many())
    assert most <= 20 and slots.active == 0


def test_virtual_time_jumps(monkeypatch: Any) -> None:
    clock = FakeClock()
    asyncio.run(clock.sleep(150))
    assert clock.time == 150
