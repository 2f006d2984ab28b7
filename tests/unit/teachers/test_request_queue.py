"""The request queue against a scripted provider: every failure ends in the right class or a clear stop, nothing is lost."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import FakeClock
from nasty_provider import Nasty, completion, nasty, reply
from scripted_provider import PRICE, Scripted, fetch, held, message, requests

from gradus.runtime.errors import UserError
from gradus.study.config.teachers import ChatTeacher, OpenAITeacher
from gradus.teachers.clients.openai_client import OpenAIClient
from gradus.teachers.errors import (
    ContentFiltered,
    PermanentError,
    RateLimitError,
    TimedOutError,
    TransientError,
    UnreachableError,
    UnusableAnswerError,
)
from gradus.teachers.requests.chat_request import ChatRequest
from gradus.teachers.requests.journal import Journal, Response
from gradus.teachers.requests.queue import RequestQueue
from gradus.teachers.requests.stops import SLOW_ATTEMPTS, TORN_ATTEMPTS, TRANSIENT_ATTEMPTS, UNREACHABLE_ATTEMPTS


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


@pytest.mark.parametrize("failure", [RateLimitError("wait", 150.0), TransientError("503 maintenance", 150.0)])
def test_a_long_retry_after_is_honoured_by_all(tmp_path: Path, failure: Exception) -> None:
    wanted = requests(30)
    _, client, clock = fetch(tmp_path, wanted, [None, None, failure], max_concurrency=4)
    assert held(tmp_path, wanted) == 30
    first = client.calls[0][0]
    # Those in flight at the 429 come back within moments; nobody sends for the 150 seconds after it.
    quiet = [when for when, _ in client.calls if first + 1.0 < when < first + 149.9]
    assert quiet == []
    assert clock.time >= 150


@pytest.mark.parametrize("kind", [RateLimitError, TransientError])
def test_a_wait_of_hours_ends_the_job_and_tells_when(
    tmp_path: Path, kind: type[RateLimitError | TransientError]
) -> None:
    queue, client, _ = fetch(tmp_path, requests(5), [kind("back tomorrow", 40_000.0)], max_concurrency=1)
    assert "takes no requests for hours: back tomorrow (run again after" in message(queue) and len(client.calls) == 1


def test_server_faults_pass_and_do_not_shrink(tmp_path: Path) -> None:
    wanted = requests(40)
    faults: list[Exception | None] = [None, *[TransientError("500")] * 10]
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
    assert "an answer comes from model 'cheaper', which is not the pinned one ('m')" in message(queue)
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
    script: list[Exception | None] = [None, *[RateLimitError("wait", 60.0)] * 3, PermanentError("401")]
    queue, client, clock = fetch(tmp_path, requests(20), script, max_concurrency=4)
    assert "401" in message(queue)
    assert len(client.calls) == 5
    assert clock.time < 30


def unusable(is_json: bool) -> UnusableAnswerError:
    usage = {"input_tokens": 100, "output_tokens": 100}
    return UnusableAnswerError("not a chat completion", {"body": "?"}, usage, is_json)


def forever(error: Exception) -> Iterator[Exception | None]:
    while True:
        yield error


@pytest.mark.parametrize(
    ("error", "calls", "said"),
    [
        (UnreachableError("Name or service not known"), UNREACHABLE_ATTEMPTS, "cannot be reached: Name or service"),
        (TimedOutError("APITimeoutError"), SLOW_ATTEMPTS, "no answer within 480 s, in 2 attempts"),
        (unusable(is_json=True), 1, "what the server sends is no answer: not a chat completion"),
        (unusable(is_json=False), TORN_ATTEMPTS, "what the server sends is no answer"),
        (
            RateLimitError("requests per day", 86390.0),
            1,
            "takes no requests for hours: requests per day (run again after",
        ),
    ],
)
def test_what_concerns_all_requests_is_found_by_one(tmp_path: Path, error: Exception, calls: int, said: str) -> None:
    queue, client, clock = fetch(tmp_path, requests(50), forever(error), max_concurrency=16)
    assert said in message(queue)
    assert len(client.calls) == calls and clock.time < 10


def test_a_body_that_is_no_answer_is_kept_with_its_price_and_asked_again_next_time(tmp_path: Path) -> None:
    wanted = requests(3)
    fetch(tmp_path, wanted, [None, unusable(is_json=True)], max_concurrency=1)
    with Journal(tmp_path) as journal:
        assert (journal.unusable, len(journal)) == (1, 1)
        assert journal.spent_usd == pytest.approx(2 * (100 + 1000) / 1e6)
    later, _, _ = fetch(tmp_path, wanted, max_concurrency=1)
    assert later.fetched == 2 and held(tmp_path, wanted) == 3


def test_a_torn_body_may_pass(tmp_path: Path) -> None:
    wanted = requests(3)
    queue, _, _ = fetch(tmp_path, wanted, [unusable(is_json=False)], max_concurrency=1)
    assert queue.fetched == 3 and held(tmp_path, wanted) == 3


def test_a_server_that_has_answered_is_tried_longer(tmp_path: Path) -> None:
    queue, client, _ = fetch(tmp_path, requests(3), [None, *[UnreachableError("refused")] * 6], max_concurrency=1)
    assert queue.fetched == 3 and len(client.calls) == 9


def test_a_slow_answer_is_kept_and_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    wanted = requests(4)
    queue, client, _ = fetch(tmp_path, wanted, timeout_seconds=0.05, max_concurrency=2)
    assert queue.fetched == len(client.calls) == 4
    assert caplog.text.count("longer than timeout_seconds; it is kept") == 1


def test_the_first_request_goes_alone(tmp_path: Path) -> None:
    _, client, _ = fetch(tmp_path, requests(20), max_concurrency=16)
    times = [when for when, _ in client.calls]
    assert times[0] == 0 and all(when >= 0.1 for when in times[1:])
    assert len([when for when in times if when == times[1]]) == 16


def test_what_raises_while_requests_are_drawn_keeps_what_is_in_flight(tmp_path: Path) -> None:
    wanted = requests(12)

    def drawn() -> Iterator[ChatRequest]:
        yield from wanted[:9]
        raise UserError("the tenth problem cannot be read")

    clock = FakeClock()
    client = Scripted(iter(()), clock)
    with Journal(tmp_path) as journal, pytest.raises(UserError, match="the tenth problem"):
        teacher = ChatTeacher(model="m", max_concurrency=8)
        RequestQueue(lambda: client, journal, teacher, PRICE, clock).fetch(drawn(), 12, "test")
    assert held(tmp_path, wanted) == len(client.calls) == 9 and client.closed


def test_no_usage_stops_where_a_budget_must_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def send(self: Scripted, body: dict[str, Any]) -> Response:
        self.calls.append((0.0, ""))
        return Response("text", "stop", "m", {})

    monkeypatch.setattr(Scripted, "send", send)
    queue, client, _ = fetch(tmp_path, requests(40), budget_usd=1.0)
    assert "does not tell its tokens" in message(queue) and len(client.calls) == 1
    _, client, _ = fetch(tmp_path, requests(40))
    assert len(client.calls) == 39
    with Journal(tmp_path) as journal:
        assert journal.unpriced == 40 and journal.spent_usd == 0


def test_answers_that_a_full_disk_left_in_memory_are_written_once_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = requests(30)
    add, failing = Journal.add, iter([False] * 10 + [True] * 25)

    def sometimes(*given: Any, **facts: Any) -> None:
        if next(failing, False):
            raise OSError(28, "No space left on device")
        add(*given, **facts)

    monkeypatch.setattr(Journal, "add", sometimes)
    queue, client, _ = fetch(tmp_path, wanted, max_concurrency=4)
    assert "the journal cannot be written: No space left on device" in message(queue)
    assert held(tmp_path, wanted) == len(client.calls) < 20


def test_a_folder_without_room_is_found_before_anything_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(122, "Disk quota exceeded")

    monkeypatch.setattr("gradus.teachers.requests.shard.Shard._write", full)
    queue, client, _ = fetch(tmp_path / "j", requests(3))
    assert "there is no room for the journal: Disk quota exceeded" in message(queue) and client.calls == []
    assert list((tmp_path / "j").iterdir()) == []


def stopped_by(
    folder: Path, clock: FakeClock, *replies: bytes, count: int = 30, **keys: Any
) -> tuple[UserError, Nasty]:
    """What ends a job that asks through the real client, and the server that was asked."""
    with nasty(*replies) as server, Journal(folder) as journal:
        teacher = OpenAITeacher(provider="openai", model="m", base_url=f"{server.address}/v1", **keys)
        queue = RequestQueue(lambda: OpenAIClient("k" * 20, teacher.base_url, 5.0), journal, teacher, PRICE, clock)
        with pytest.raises(UserError) as caught:
            queue.fetch(requests(count), count, "test")
    return caught.value, server


def test_a_quota_of_a_day_stops_at_once_and_says_when_to_go_on(tmp_path: Path) -> None:
    """A 429 that asks to wait until tomorrow was slept through, without a line."""
    told = {"error": {"message": "Limit of requests per day reached."}}
    for name, answer, said in (
        (
            "hours",
            reply(429, told, retry_after="86390"),
            "takes no requests for hours: RateLimitError: Limit of requests",
        ),
        ("words", reply(429, {"error": {"message": "Requests per day. Please try again in 23h59m."}}), "for hours"),
        ("day", reply(429, told), "quota of a day is used up: RateLimitError: Limit of requests per day"),
    ):
        clock = FakeClock()
        error, server = stopped_by(tmp_path / name, clock, reply(200, completion()), answer, max_concurrency=1)
        assert said in error.what, error.what
        assert clock.time < 10 and len(server.asked) == 2 and held(tmp_path / name, requests(30)) == 1
        day = datetime.now() + timedelta(seconds=86390)
        assert error.hint and (
            f"run again after {day:%d %b}" in error.hint or "run again when its next day" in error.hint
        )


def test_a_stop_counts_what_was_in_flight_as_well(tmp_path: Path) -> None:
    """Counted when nothing is in flight any more: "1 answers" where 32 were paid for and kept."""
    queue, client, _ = fetch(tmp_path, requests(100), [None] * 20 + [PermanentError("401")], max_concurrency=8)
    kept = held(tmp_path, requests(100))
    assert kept == len(client.calls) - 1 > 20
    assert f"annotation, {kept} answers fetched" in message(queue)


def test_another_name_of_the_longest_output_is_a_key(tmp_path: Path) -> None:
    """o3 and gpt-5 behind a gateway: `max_tokens` is refused, and nothing could be set."""
    words = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    error, server = stopped_by(tmp_path, FakeClock(), reply(400, {"error": {"message": words}}))
    assert words in error.what and error.hint == "set length_field: max_completion_tokens in the teacher's entry"
    assert len(server.asked) == 1
