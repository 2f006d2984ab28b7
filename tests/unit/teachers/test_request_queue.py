"""The request queue against a scripted provider: every failure ends in the right class or a clear stop, nothing is lost."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import FakeClock

from gradus.runtime.errors import UserError
from gradus.study.config.teachers import ChatTeacher, PriceEntry
from gradus.teachers.errors import ContentFiltered, PermanentError, RateLimitError, TransientError
from gradus.teachers.requests.chat_request import ChatRequest
from gradus.teachers.requests.journal import Journal, Response
from gradus.teachers.requests.queue import TRANSIENT_ATTEMPTS, RequestQueue

PRICE = PriceEntry(
    input_usd_per_million=1.0, output_usd_per_million=10.0, batch_factor=0.5, seen="2026-11-21", source="test"
)


class Scripted:
    """Answers every body, after the failures that ``script`` yields for a call."""

    version = "none"

    def __init__(self, script: Iterator[Exception | None], clock: FakeClock, model: str = "m") -> None:
        self.script, self.clock, self.model = script, clock, model
        self.calls: list[tuple[float, str]] = []
        self.closed = False

    async def send(self, body: dict[str, Any]) -> Response:
        self.calls.append((self.clock.now(), body["messages"][0]["content"]))
        await self.clock.sleep(0.1)
        failure = next(self.script, None)
        if failure is not None:
            raise failure
        usage = {"input_tokens": 100, "output_tokens": 100}
        return Response(f"to {body['messages'][0]['content']}", "stop", self.model, usage, raw={"whole": True})

    async def close(self) -> None:
        self.closed = True


def requests(count: int) -> list[ChatRequest]:
    return [ChatRequest({"model": "m", "messages": [{"role": "user", "content": f"q{n}"}]}, 0) for n in range(count)]


def fetch(
    folder: Path,
    wanted: list[ChatRequest],
    failures: list[Exception | None] | Iterator[Exception | None] = (),  # type: ignore[assignment]
    model: str = "m",
    **limits: Any,
) -> tuple[RequestQueue, Scripted, FakeClock]:
    clock = FakeClock()
    client = Scripted(iter(failures), clock, model)
    teacher = ChatTeacher(**{"model": "m", "max_output_tokens": 200, "max_concurrency": 8, **limits})
    with Journal(folder) as journal:
        queue = RequestQueue(lambda: client, journal, teacher, PRICE, clock)
        error: UserError | None = None
        try:
            queue.fetch(wanted, len(wanted), "test")
        except UserError as caught:
            error = caught
    queue.error = error  # type: ignore[attr-defined]
    return queue, client, clock


def message(queue: RequestQueue) -> str:
    return str(queue.error)  # type: ignore[attr-defined]


def held(folder: Path, wanted: list[ChatRequest]) -> int:
    with Journal(folder) as journal:
        return sum(request.key in journal for request in wanted)


def test_everything_is_fetched_once_and_never_again(tmp_path: Path) -> None:
    wanted = requests(50)
    queue, client, _ = fetch(tmp_path, [*wanted, *wanted[:10]])
    assert (queue.fetched, len(client.calls), client.closed) == (50, 50, True)
    again, silent, _ = fetch(tmp_path, list(reversed(wanted)))
    assert (again.fetched, silent.calls) == (0, [])
    with Journal(tmp_path) as journal:
        assert journal.spent_usd == pytest.approx(50 * (100 + 1000) / 1e6)
        assert len(journal) == 50


def test_no_client_is_made_where_nothing_is_missing(tmp_path: Path) -> None:
    fetch(tmp_path, requests(3))

    def never() -> Any:
        raise AssertionError("a key would have been asked for")

    with Journal(tmp_path) as journal:
        queue = RequestQueue(never, journal, ChatTeacher(model="m"), PRICE)
        queue.fetch(requests(3), 3, "test")


def test_samples_and_attempts_are_requests_of_their_own(tmp_path: Path) -> None:
    body = requests(1)[0].body
    wanted = [ChatRequest(body, 0), ChatRequest(body, 1), ChatRequest(body, 1, attempt=1)]
    queue, _, _ = fetch(tmp_path, wanted)
    assert queue.fetched == 3


def test_a_429_without_a_time_shrinks_and_recovers(tmp_path: Path) -> None:
    wanted = requests(60)
    storm: list[Exception | None] = [RateLimitError("slow down", None)] * 25
    queue, client, _ = fetch(tmp_path, wanted, storm, max_concurrency=16)
    assert held(tmp_path, wanted) == 60
    assert queue.rate_limited == 25
    assert len(client.calls) == 85


def test_a_long_retry_after_is_honoured_by_all(tmp_path: Path) -> None:
    wanted = requests(30)
    _, client, clock = fetch(tmp_path, wanted, [None, None, RateLimitError("wait", 150.0)], max_concurrency=4)
    assert held(tmp_path, wanted) == 30
    first = client.calls[0][0]
    # Those in flight at the 429 come back within moments; nobody sends for the 150 seconds after it.
    quiet = [when for when, _ in client.calls if first + 1.0 < when < first + 149.9]
    assert quiet == []
    assert clock.time >= 150


def test_server_faults_pass_and_do_not_shrink(tmp_path: Path) -> None:
    wanted = requests(40)
    faults: list[Exception | None] = [TransientError("500")] * 10
    queue, _, _ = fetch(tmp_path, wanted, faults, max_concurrency=8)
    assert held(tmp_path, wanted) == 40
    assert queue.concurrency == 8


def test_a_fault_that_never_passes_stops_with_its_message(tmp_path: Path) -> None:
    def sick() -> Iterator[Exception | None]:
        while True:
            yield TransientError("APIConnectionError: refused")

    queue, client, _ = fetch(tmp_path, requests(5), sick(), max_concurrency=1)
    assert f"no usable answer after {TRANSIENT_ATTEMPTS} attempts: APIConnectionError" in message(queue)
    assert len(client.calls) == TRANSIENT_ATTEMPTS


def test_a_lasting_fault_stops_at_once_and_keeps_what_is_in_flight(tmp_path: Path) -> None:
    wanted = requests(100)
    queue, client, _ = fetch(tmp_path, wanted, [None] * 20 + [PermanentError("401 bad key")], max_concurrency=8)
    assert "the provider answers: 401 bad key" in message(queue)
    assert len(client.calls) <= 20 + 8
    kept = held(tmp_path, wanted)
    assert kept == len(client.calls) - 1
    later, client, _ = fetch(tmp_path, wanted)
    assert held(tmp_path, wanted) == 100
    assert later.fetched == len(client.calls) == 100 - kept


def test_a_declined_request_is_an_outcome(tmp_path: Path) -> None:
    wanted = requests(3)
    fetch(tmp_path, wanted, [ContentFiltered("content policy")], max_concurrency=1)
    with Journal(tmp_path) as journal:
        response = journal.get(wanted[0].key)
    assert response is not None and response.finish_reason == "refusal"


def test_another_model_stops(tmp_path: Path) -> None:
    queue, client, _ = fetch(tmp_path, requests(40), model="cheaper", max_concurrency=4)
    assert "comes from model 'cheaper'" in message(queue)
    assert len(client.calls) <= 4


def test_the_budget_is_kept_but_for_what_is_in_flight(tmp_path: Path) -> None:
    wanted = requests(200)
    each = (100 + 1000) / 1e6
    queue, _, _ = fetch(tmp_path, wanted, budget_usd=each * 50, max_concurrency=8)
    assert "the budget of $0.06 is spent" in message(queue) or "the budget of $0.05 is spent" in message(queue)
    assert 50 <= held(tmp_path, wanted) <= 50 + 8
    more, _, _ = fetch(tmp_path, wanted, budget_usd=each * 50, max_concurrency=8)
    assert more.fetched == 0


def test_requests_per_minute_are_kept_and_used(tmp_path: Path) -> None:
    _, client, _ = fetch(tmp_path, requests(300), requests_per_minute=600.0, max_concurrency=100)
    times = sorted(when for when, _ in client.calls)
    assert 29.0 <= times[-1] - times[0] <= 31.5
    for start in range(300 - 60):
        assert times[start + 59] - times[start] >= 5.5, "60 requests in much less than 6 seconds"


def test_a_full_disk_stops_with_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Journal, "add", full)
    queue, _, _ = fetch(tmp_path, requests(10), max_concurrency=2)
    assert "the journal cannot be written: No space left on device" in message(queue)


def test_patience_ends(tmp_path: Path) -> None:
    def always() -> Iterator[Exception | None]:
        while True:
            yield RateLimitError("no", 400.0)

    queue, _, clock = fetch(tmp_path, requests(2), always(), max_concurrency=1)
    assert "throttled for 30 minutes" in message(queue)
    assert clock.time >= 1800


def test_an_unexpected_error_is_raised_after_what_is_in_flight_is_kept(tmp_path: Path) -> None:
    wanted = requests(50)
    with pytest.raises(ZeroDivisionError):
        fetch(tmp_path, wanted, [None] * 10 + [ZeroDivisionError()], max_concurrency=4)
    assert 10 <= held(tmp_path, wanted) < 50


def test_a_stop_sends_nothing_that_was_waiting_for_its_next_attempt(tmp_path: Path) -> None:
    """Three requests wait out a 429 when another one ends everything: they are not sent again."""
    script: list[Exception | None] = [RateLimitError("wait", 60.0)] * 3 + [PermanentError("401")]
    queue, client, clock = fetch(tmp_path, requests(20), script, max_concurrency=4)
    assert "401" in message(queue)
    assert len(client.calls) == 4
    assert clock.time < 30
