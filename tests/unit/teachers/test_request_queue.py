"""The purchase against a scripted provider: every failure ends in the right class or a clear stop, nothing is lost."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_rate_limits import FakeClock

from gradus.runtime.errors import UserError
from gradus.teachers.errors import Declined, Lasting, Passing, Throttled
from gradus.teachers.requests.journal import Journal, Response, request_key
from gradus.teachers.requests.prices import Price
from gradus.teachers.requests.queue import PASSING_ATTEMPTS, Limits, Order, Purchase

PRICE = Price(1.0, 10.0, 0.5, "2026-11-21", "test")


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


def orders(count: int) -> list[Order]:
    return [Order({"model": "m", "messages": [{"role": "user", "content": f"q{n}"}]}, 0) for n in range(count)]


def buy(
    folder: Path,
    wanted: list[Order],
    failures: list[Exception | None] | Iterator[Exception | None] = (),  # type: ignore[assignment]
    model: str = "m",
    **limits: Any,
) -> tuple[Purchase, Scripted, FakeClock]:
    clock = FakeClock()
    chat = Scripted(iter(failures), clock, model)
    chosen = Limits(
        limits.get("requests_per_minute"),
        limits.get("tokens_per_minute"),
        limits.get("max_concurrency", 8),
        limits.get("budget_usd"),
        200,
    )
    with Journal(folder) as journal:
        purchase = Purchase(lambda: chat, journal, chosen, PRICE, lambda name: name == "m", "", clock)
        error: UserError | None = None
        try:
            purchase.buy(wanted, len(wanted), "test")
        except UserError as caught:
            error = caught
    purchase.error = error  # type: ignore[attr-defined]
    return purchase, chat, clock


def message(purchase: Purchase) -> str:
    return str(purchase.error)  # type: ignore[attr-defined]


def held(folder: Path, wanted: list[Order]) -> int:
    with Journal(folder) as journal:
        return sum(request_key(order.content) in journal for order in wanted)


def test_everything_is_bought_once_and_never_again(tmp_path: Path) -> None:
    wanted = orders(50)
    purchase, chat, _ = buy(tmp_path, [*wanted, *wanted[:10]])
    assert (purchase.bought, len(chat.calls), chat.closed) == (50, 50, True)
    again, silent, _ = buy(tmp_path, list(reversed(wanted)))
    assert (again.bought, silent.calls) == (0, [])
    with Journal(tmp_path) as journal:
        assert journal.spent_usd == pytest.approx(50 * (100 + 1000) / 1e6)
        assert len(journal) == 50


def test_no_client_is_made_where_nothing_is_missing(tmp_path: Path) -> None:
    buy(tmp_path, orders(3))

    def never() -> Any:
        raise AssertionError("a key would have been asked for")

    with Journal(tmp_path) as journal:
        purchase = Purchase(never, journal, Limits(None, None, 4, None, 10), PRICE, lambda name: True)
        purchase.buy(orders(3), 3, "test")


def test_samples_and_attempts_are_requests_of_their_own(tmp_path: Path) -> None:
    body = orders(1)[0].body
    wanted = [Order(body, 0), Order(body, 1), Order(body, 1, attempt=1)]
    purchase, _, _ = buy(tmp_path, wanted)
    assert purchase.bought == 3


def test_a_429_without_a_time_shrinks_and_recovers(tmp_path: Path) -> None:
    wanted = orders(60)
    storm: list[Exception | None] = [Throttled("slow down", None)] * 25
    purchase, chat, _ = buy(tmp_path, wanted, storm, max_concurrency=16)
    assert held(tmp_path, wanted) == 60
    assert purchase.throttled == 25
    assert len(chat.calls) == 85


def test_a_long_retry_after_is_honoured_by_all(tmp_path: Path) -> None:
    wanted = orders(30)
    _, chat, clock = buy(tmp_path, wanted, [None, None, Throttled("wait", 150.0)], max_concurrency=4)
    assert held(tmp_path, wanted) == 30
    first = chat.calls[0][0]
    # Those in flight at the 429 come back within moments; nobody sends for the 150 seconds after it.
    quiet = [when for when, _ in chat.calls if first + 1.0 < when < first + 149.9]
    assert quiet == []
    assert clock.time >= 150


def test_server_faults_pass_and_do_not_shrink(tmp_path: Path) -> None:
    wanted = orders(40)
    faults: list[Exception | None] = [Passing("500")] * 10
    purchase, _, _ = buy(tmp_path, wanted, faults, max_concurrency=8)
    assert held(tmp_path, wanted) == 40
    assert purchase._slots.limit == 8


def test_a_fault_that_never_passes_stops_with_its_message(tmp_path: Path) -> None:
    def sick() -> Iterator[Exception | None]:
        while True:
            yield Passing("APIConnectionError: refused")

    purchase, chat, _ = buy(tmp_path, orders(5), sick(), max_concurrency=1)
    assert f"no usable answer after {PASSING_ATTEMPTS} attempts: APIConnectionError" in message(purchase)
    assert len(chat.calls) == PASSING_ATTEMPTS


def test_a_lasting_fault_stops_at_once_and_keeps_what_is_in_flight(tmp_path: Path) -> None:
    wanted = orders(100)
    purchase, chat, _ = buy(tmp_path, wanted, [None] * 20 + [Lasting("401 bad key")], max_concurrency=8)
    assert "the provider answers: 401 bad key" in message(purchase)
    assert len(chat.calls) <= 20 + 8
    kept = held(tmp_path, wanted)
    assert kept == len(chat.calls) - 1
    later, chat, _ = buy(tmp_path, wanted)
    assert held(tmp_path, wanted) == 100
    assert later.bought == len(chat.calls) == 100 - kept


def test_a_declined_request_is_an_outcome(tmp_path: Path) -> None:
    wanted = orders(3)
    buy(tmp_path, wanted, [Declined("content policy")], max_concurrency=1)
    with Journal(tmp_path) as journal:
        response = journal.get(request_key(wanted[0].content))
    assert response is not None and response.finish_reason == "refusal"


def test_another_model_stops(tmp_path: Path) -> None:
    purchase, chat, _ = buy(tmp_path, orders(40), model="cheaper", max_concurrency=4)
    assert "comes from model 'cheaper'" in message(purchase)
    assert len(chat.calls) <= 4


def test_the_budget_is_kept_but_for_what_is_in_flight(tmp_path: Path) -> None:
    wanted = orders(200)
    each = (100 + 1000) / 1e6
    purchase, _, _ = buy(tmp_path, wanted, budget_usd=each * 50, max_concurrency=8)
    assert "the budget of $0.06 is spent" in message(purchase) or "the budget of $0.05 is spent" in message(purchase)
    assert 50 <= held(tmp_path, wanted) <= 50 + 8
    more, _, _ = buy(tmp_path, wanted, budget_usd=each * 50, max_concurrency=8)
    assert more.bought == 0


def test_requests_per_minute_are_kept_and_used(tmp_path: Path) -> None:
    _, chat, _ = buy(tmp_path, orders(300), requests_per_minute=600.0, max_concurrency=100)
    times = sorted(when for when, _ in chat.calls)
    assert 29.0 <= times[-1] - times[0] <= 31.5
    for start in range(300 - 60):
        assert times[start + 59] - times[start] >= 5.5, "60 requests in much less than 6 seconds"


def test_a_full_disk_stops_with_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Journal, "add", full)
    purchase, _, _ = buy(tmp_path, orders(10), max_concurrency=2)
    assert "the journal cannot be written: No space left on device" in message(purchase)


def test_patience_ends(tmp_path: Path) -> None:
    def always() -> Iterator[Exception | None]:
        while True:
            yield Throttled("no", 400.0)

    purchase, _, clock = buy(tmp_path, orders(2), always(), max_concurrency=1)
    assert "throttled for 30 minutes" in message(purchase)
    assert clock.time >= 1800


def test_an_unexpected_error_is_raised_after_what_is_in_flight_is_kept(tmp_path: Path) -> None:
    wanted = orders(50)
    with pytest.raises(ZeroDivisionError):
        buy(tmp_path, wanted, [None] * 10 + [ZeroDivisionError()], max_concurrency=4)
    assert 10 <= held(tmp_path, wanted) < 50


def test_a_stop_sends_nothing_that_was_waiting_for_its_next_attempt(tmp_path: Path) -> None:
    """Three requests wait out a 429 when another one ends everything: they are not sent again."""
    script: list[Exception | None] = [Throttled("wait", 60.0)] * 3 + [Lasting("401")]
    purchase, chat, clock = buy(tmp_path, orders(20), script, max_concurrency=4)
    assert "401" in message(purchase)
    assert len(chat.calls) == 4
    assert clock.time < 30
