"""The calls of a batch service itself: their failures are told in the provider's words, and one that may pass ends no wait."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from narrow_batches import ENTRY, Narrow, fetched
from nasty_provider import nasty, reply
from scripted_provider import held, requests

from gradus.runtime.errors import UserError
from gradus.study.config.teachers import OpenAITeacher
from gradus.teachers.clients.batches import AnthropicBatches, OpenAIBatches
from gradus.teachers.errors import BatchServiceRefusedError, BatchServiceTroubleError, ProviderError
from gradus.teachers.requests.batch import BatchQueue
from gradus.teachers.requests.journal import Journal, Response

KEY = "k" * 20
KINDS: tuple[Any, ...] = (OpenAIBatches, AnthropicBatches)
CALLS: dict[str, Callable[[Any], Any]] = {
    "submit": lambda service: service.submit([("k", {})], "tag"),
    "find": lambda service: service.find("tag", 0.0, 1),
    "poll": lambda service: service.has_ended("b"),
    "download": lambda service: list(service.results("b")),
}
PAGE = b"<html><body><h1>Sign in</h1><p>to this network</p></body></html>"


def failure(kind: Any, call: str, *replies: bytes) -> UserError:
    with nasty(*replies) as server, pytest.raises(UserError) as caught:
        CALLS[call](kind(KEY, server.address, 5.0))
    assert KEY not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_providers_words_are_told_for_every_call(kind: Any, call: str) -> None:
    said = failure(kind, call, reply(400, [{"error": {"message": f"A list's words with {KEY}"}}]))
    assert "the provider's batch service answers: BadRequestError: A list's words with [key]" in str(said)
    said = failure(kind, call, reply(404, b"nothing here", content_type="text/plain"))
    assert "NotFoundError: nothing here (asked: http://127.0.0.1:" in str(said)
    assert "fix the cause and run again; what was submitted is found again" in str(said)
    assert isinstance(said, BatchServiceRefusedError), "an intent is forgotten for it"


@pytest.mark.parametrize("kind", KINDS)
def test_why_the_service_cannot_be_reached_is_told(kind: Any) -> None:
    with pytest.raises(BatchServiceTroubleError, match=r"cannot be reached: APIConnectionError: .*refused"):
        kind(KEY, "http://127.0.0.1:1", 5.0).has_ended("b")


@pytest.mark.parametrize("call", ["poll", "download"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_page_in_place_of_a_batch_is_trouble_that_may_pass(kind: Any, call: str) -> None:
    said = failure(kind, call, reply(200, PAGE, content_type="text/html"))
    assert isinstance(said, BatchServiceTroubleError) and "Sign in to this network" in str(said)


def test_a_page_in_place_of_the_answers_loses_no_batch() -> None:
    """Its record was deleted, and all of it was bought again."""
    batch = {"id": "b", "object": "batch", "status": "completed", "output_file_id": "f", "error_file_id": None}
    said = failure(OpenAIBatches, "download", reply(200, batch), reply(200, PAGE, content_type="text/html"))
    assert isinstance(said, BatchServiceTroubleError) and "no items: Sign in" in str(said)


class Troubled(Narrow):
    """Some of its calls fail in a way that passes: the first ones of each kind."""

    def __init__(self, polls: int = 0, downloads: int = 0) -> None:
        super().__init__(room=1000)
        self.polls, self.downloads = polls, downloads

    def has_ended(self, identifier: str) -> bool:
        self.polls -= 1
        if self.polls >= 0:
            raise BatchServiceTroubleError("the provider's batch service answers: 503 for a moment")
        return super().has_ended(identifier)

    def results(self, identifier: str) -> Iterator[tuple[str, Response | ProviderError]]:
        self.downloads -= 1
        if self.downloads >= 0:
            raise BatchServiceTroubleError("the provider's batch service answers: 502 for a moment")
        yield from super().results(identifier)


def test_a_failed_poll_or_download_is_told_and_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    service = Troubled(polls=3, downloads=2)
    assert len(fetched(tmp_path, service, 5)) == 5
    assert held(tmp_path, requests(5)) == 5 and service.sizes == [5]
    for words in ("503 for a moment", "502 for a moment"):
        assert caplog.text.count(f"{words}; it is asked again at the next turn") == 1, "once, not at every turn"


def test_trouble_that_does_not_pass_is_the_reason_when_the_time_is_over(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"batches of here are not finished yet: .*503 for a moment"):
        fetched(tmp_path, Troubled(polls=10**9), 5, batch_wait_hours=1e-9)


def test_one_batch_in_trouble_holds_up_no_other(tmp_path: Path) -> None:
    service = Troubled(polls=1)
    with Journal(tmp_path) as journal:
        for mine, job in ((requests(6)[:3], "here"), (requests(6)[3:], "there")):  # one batch each
            queue = BatchQueue(lambda: service, journal, OpenAITeacher.model_validate(ENTRY), None, lambda _: None)
            assert queue.submit(mine, 3, job) == 1
        assert not queue.collect()
        assert sum(request.key in journal for request in requests(6)) == 3
        assert queue.collect()
    assert held(tmp_path, requests(6)) == 6


def test_a_fault_that_lasts_ends_the_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service = Narrow(room=1000)

    def refuse(_: str) -> bool:
        raise UserError("the provider's batch service answers: 401 no such key")

    monkeypatch.setattr(service, "has_ended", refuse)
    with pytest.raises(UserError, match="401 no such key"):
        fetched(tmp_path, service, 5)
