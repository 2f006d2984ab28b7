"""Waits of the request queue: a time in which nothing is answered is told, seldom, and ends where the job is stopped."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders import FakeClock
from scripted_provider import fetch, held, message, requests

from gradus.teachers.errors import RateLimitError, TimedOutError, TransientError
from gradus.teachers.requests.stops import TRANSIENT_ATTEMPTS

STALLED = TimedOutError("APITimeoutError")


def forever(error: Exception) -> Iterator[Exception | None]:
    while True:
        yield error


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if " s to go" in record.getMessage()]


@pytest.mark.parametrize("asked", [None, 34.0])
def test_repeated_short_pauses_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture, asked: float | None) -> None:
    """Half an hour of pauses of 32 seconds at most went by without a line."""
    caplog.set_level("INFO")
    queue, _, clock = fetch(tmp_path, requests(9), forever(RateLimitError("slow down", asked)), max_concurrency=4)
    assert "throttled for 30 minutes" in message(queue)
    lines = told(caplog)
    assert 1800 / 300 - 1 <= len(lines) <= clock.time / 300 + 1
    # Pauses have a random part.
    assert lines[0].startswith(
        ("no answer for 60 s, since ", "no answer for 61 s, since ", "no answer for 62 s, since ")
    )
    assert "waiting until a request may be sent again: slow down" in lines[0]


def test_one_long_pause_is_told_at_once_and_once_for_all(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    script: list[Exception | None] = [None, *[RateLimitError("wait", 150.0)] * 8]
    fetch(tmp_path, requests(20), script, max_concurrency=8)
    (line,) = told(caplog)
    assert line == "waiting until a request may be sent again: wait; 150 s to go"


def test_growing_waits_after_faults_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    faults: list[Exception | None] = [None, *[TransientError("503 overloaded")] * (TRANSIENT_ATTEMPTS - 1)]
    _, _, clock = fetch(tmp_path, requests(2), faults, max_concurrency=1)
    assert held(tmp_path, requests(2)) == 2 and clock.time > 60
    assert 1 <= len(told(caplog)) <= 2 and "503 overloaded" in told(caplog)[0]


def test_waits_under_a_low_limit_of_tokens_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    _, _, clock = fetch(tmp_path, requests(12), tokens_per_minute=100.0, max_concurrency=1)
    assert clock.time > 900
    assert 2 <= len(told(caplog)) <= clock.time / 300 + 1
    assert all("for the limit of tokens per minute" in line for line in told(caplog))


def test_quick_answers_are_no_wait(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    _, _, clock = fetch(tmp_path, requests(300), requests_per_minute=120.0)
    assert clock.time > 120 and not told(caplog)


def test_a_signal_ends_a_wait_for_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sleep = FakeClock.sleep
    sent: list[float] = []

    async def interrupted(self: FakeClock, seconds: float) -> None:
        if seconds > 0.1 and not sent:  # an answer takes 0.1 s, this is the wait for the limit
            sent.append(self.time)
            os.kill(os.getpid(), signal.SIGINT)
        await sleep(self, seconds)

    monkeypatch.setattr(FakeClock, "sleep", interrupted)
    queue, client, clock = fetch(tmp_path, requests(50), tokens_per_minute=10.0, max_concurrency=1)
    assert "stopped by a signal" in message(queue) and held(tmp_path, requests(50)) == len(client.calls)
    assert clock.time - sent[0] < 5, "minutes were waited for"


def test_the_second_answer_that_does_not_come_stops_the_job_in_mid_run(tmp_path: Path) -> None:
    """A server that stalls with many requests in flight was asked for each of them once more."""
    wanted = requests(200)
    queue, client, _ = fetch(tmp_path, wanted, stalling(), max_concurrency=16)
    assert "no answer within 480 s, in 2 attempts of this job" in message(queue)
    assert len(client.calls) <= 40 + 16
    assert held(tmp_path, wanted) == 40


def stalling() -> Iterator[Exception | None]:
    yield from [None] * 40
    yield from forever(STALLED)


def test_what_is_in_flight_at_the_second_time_out_is_kept(tmp_path: Path) -> None:
    wanted = requests(200)
    script: list[Exception | None] = [*[None] * 40, STALLED, STALLED]
    queue, client, _ = fetch(tmp_path, wanted, script, max_concurrency=16)
    assert "in 2 attempts of this job" in message(queue)
    assert held(tmp_path, wanted) == len(client.calls) - 2 > 40


def test_one_answer_that_does_not_come_is_asked_for_again(tmp_path: Path) -> None:
    wanted = requests(60)
    _, client, _ = fetch(tmp_path, wanted, [*[None] * 20, STALLED], max_concurrency=16)
    assert held(tmp_path, wanted) == 60 and len(client.calls) == 61
