"""Limits that answers tell: read where they are per minute, kept to, and never above what the study file caps."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import FakeClock
from scripted_provider import PRICE, Scripted, requests

from gradus.study.config.teachers import ChatTeacher
from gradus.teachers.requests.announced_limits import NOTHING_ANNOUNCED, AnnouncedLimits, announced_limits
from gradus.teachers.requests.journal import Journal, Response
from gradus.teachers.requests.queue import RequestQueue
from gradus.teachers.requests.rate_limits import Bucket


def openai_headers(limit: str, remaining: str, reset: str, what: str = "requests") -> dict[str, str]:
    return {
        f"x-ratelimit-limit-{what}": limit,
        f"X-RateLimit-Remaining-{what.title()}": remaining,
        f"x-ratelimit-reset-{what}": reset,
    }


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        (openai_headers("500", "499", "120ms"), AnnouncedLimits(500)),
        (
            openai_headers("500", "100", "48s") | openai_headers("30000", "29000", "2s", "tokens"),
            AnnouncedLimits(500, 30000),
        ),
        (openai_headers("10,000", "9999", "6ms"), AnnouncedLimits(10000)),
        (openai_headers("80", "40", "5s"), AnnouncedLimits(480)),  # a window of ten seconds
        (openai_headers("14400", "14399", "6s"), NOTHING_ANNOUNCED),  # a day's limit
        (openai_headers("200", "199", "7m12s"), NOTHING_ANNOUNCED),
        (openai_headers("500", "500", "0s"), NOTHING_ANNOUNCED),  # nothing is spent: the window is unknown
        (openai_headers("500", "-1", "1s"), NOTHING_ANNOUNCED),
        (openai_headers("many", "499", "soon"), NOTHING_ANNOUNCED),
        ({"x-ratelimit-limit-requests": "500"}, NOTHING_ANNOUNCED),
        ({}, NOTHING_ANNOUNCED),
        (
            {
                "anthropic-ratelimit-requests-limit": "50",
                "anthropic-ratelimit-input-tokens-limit": "30000",
                "anthropic-ratelimit-output-tokens-limit": "8000",
            },
            AnnouncedLimits(50, 38000),
        ),
        ({"anthropic-ratelimit-tokens-limit": "40000"}, AnnouncedLimits(None, 40000)),
    ],
)
def test_headers_are_read_where_they_tell_a_limit_per_minute(headers: dict[str, str], told: AnnouncedLimits) -> None:
    assert announced_limits(headers) == told


@pytest.mark.parametrize(("cap", "told", "rate"), [(None, 120.0, 2.0), (60.0, 120.0, 1.0), (600.0, 120.0, 2.0)])
def test_what_is_told_counts_below_the_cap(cap: float | None, told: float, rate: float) -> None:
    clock = FakeClock()
    bucket = Bucket(cap, clock)

    async def take(count: int) -> float:
        bucket.announce(told)
        began = clock.now()
        for _ in range(count):
            await bucket.take(1)
        return count / (clock.now() - began)

    assert asyncio.run(take(200)) == pytest.approx(rate, rel=0.02)


class Telling(Scripted):
    """Tells a limit of 300 requests a minute with every answer."""

    async def send(self, body: dict[str, Any]) -> Response:
        return replace(await super().send(body), announced=AnnouncedLimits(300.0))


def test_a_queue_without_limits_of_its_own_keeps_to_those_that_it_is_told(tmp_path: Path) -> None:
    clock = FakeClock()
    client = Telling(iter(()), clock)
    with Journal(tmp_path) as journal:
        queue = RequestQueue(lambda: client, journal, ChatTeacher(model="m", max_concurrency=64), PRICE, clock)
        queue.fetch(requests(300), 300, "test")
    minutes = (clock.now() - client.calls[0][0]) / 60
    assert 280 < 300 / minutes < 310
    with Journal(tmp_path) as journal:
        kept = journal.get(requests(1)[0].key)
        assert kept is not None and kept.announced == NOTHING_ANNOUNCED
