"""A provider whose queue of batches is full: what did not fit is submitted again when others have ended, or in parts."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from narrow_batches import ENTRY, Narrow, fetched
from nasty_provider import nasty, reply
from scripted_provider import held, requests

from gradus.runtime.errors import UserError
from gradus.study.config.teachers import OpenAITeacher
from gradus.teachers.clients.batches import OpenAIBatches
from gradus.teachers.errors import (
    BatchRefusedError,
    PermanentError,
    ProviderError,
    RejectedRequestError,
    TransientError,
)
from gradus.teachers.requests import factory
from gradus.teachers.requests.journal import Response
from gradus.teachers.requests.stuck import failed_requests


def test_batches_that_do_not_fit_beside_others_are_submitted_again(tmp_path: Path) -> None:
    service = Narrow(room=30, most_items=25)
    assert fetched(tmp_path, service, 190) == []
    assert held(tmp_path, requests(190)) == 190
    assert max(service.sizes) == 25 and not list((tmp_path / "batches").iterdir())


def test_a_batch_that_never_fits_is_cut(tmp_path: Path) -> None:
    service = Narrow(room=30)
    pauses = fetched(tmp_path, service, 190)
    assert held(tmp_path, requests(190)) == 190
    assert service.sizes[:4] == [190, 95, 47, 23] and len(pauses) == 3 and 20 <= min(service.sizes[-8:-1]) <= 30


def test_a_wait_of_hours_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    service, looks = Narrow(room=1000), iter(range(4))
    monkeypatch.setattr(service, "has_ended", lambda _: next(looks, 4) == 4)
    caplog.set_level("INFO")
    assert len(fetched(tmp_path, service, 5)) == 4
    assert caplog.text.count("here: waiting for batches, for 26 hours at most, looking every 60 s") == 1


def test_others_batches_are_waited_for_and_then_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not finished yet: Enqueued token limit reached for m"):
        fetched(tmp_path, Narrow(room=0), 50, batch_wait_hours=1e-6)


def test_another_refusal_ends_the_job_in_the_providers_words(tmp_path: Path) -> None:
    refused = Narrow(room=0, refusal=BatchRefusedError("Billing hard limit has been reached", False))
    with pytest.raises(UserError, match="the provider refuses a batch: Billing hard limit has been reached"):
        fetched(tmp_path, refused, 5)
    assert refused.sizes == [5] and not list((tmp_path / "batches").iterdir())


def by_halves(folder: Path, service: Narrow, half: Literal["submit", "collect"], count: int = 60) -> None:
    """One of the two targets: nothing may wait."""

    def never(_: float) -> None:
        raise AssertionError("waited")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("gradus.teachers.requests.factory.time.sleep", never)
        patched.setattr(factory, "make_batch_service", lambda _: service)
        with factory.open_journal(OpenAITeacher.model_validate(ENTRY), folder, folder / "p.yaml", half) as (_, fetch):
            assert fetch is not None
            fetch(requests(count), count, "here")


def test_neither_half_of_a_batch_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service = Narrow(room=1000)
    has_ended = service.has_ended
    monkeypatch.setattr(service, "has_ended", lambda _: False)
    by_halves(tmp_path, service, "submit")
    by_halves(tmp_path, service, "submit")
    for _ in range(2):
        with pytest.raises(UserError, match=r"60 of 60 requests of here wait for their batches .*later"):
            by_halves(tmp_path, service, "collect")
    monkeypatch.setattr(service, "has_ended", has_ended)
    by_halves(tmp_path, service, "collect")
    assert service.sizes == [60] and held(tmp_path, requests(60)) == 60


def test_what_a_full_queue_refused_is_submitted_again_by_the_second_half(tmp_path: Path) -> None:
    service = Narrow(room=30)
    by_halves(tmp_path, service, "submit")
    with pytest.raises(UserError, match=r"60 of 60 requests .*Enqueued token limit reached"):
        by_halves(tmp_path, service, "collect")
    assert service.sizes == [60, 30], "what follows waits until the first one has been looked at"
    with pytest.raises(UserError, match="30 of 60 requests"):
        by_halves(tmp_path, service, "collect")
    by_halves(tmp_path, service, "collect")
    assert held(tmp_path, requests(60)) == 60 and not list((tmp_path / "batches").iterdir())


class Failing(Narrow):
    """Answers its items with these failures, and the rest with answers."""

    def __init__(self, *failures: ProviderError) -> None:
        super().__init__(room=10**6)
        self.failures = failures

    def results(self, identifier: str) -> Iterator[tuple[str, Response | ProviderError]]:
        for number, (key, outcome) in enumerate(super().results(identifier)):
            yield key, self.failures[number] if number < len(self.failures) else outcome


def test_an_item_that_cannot_be_answered_is_an_outcome_and_not_submitted_again(tmp_path: Path) -> None:
    """Five batches were submitted for it at every run, and its words never shown."""
    service = Failing(RejectedRequestError("context_length_exceeded: 9000 tokens"))
    fetched(tmp_path, service, 6)
    assert service.sizes == [6] and held(tmp_path, requests(6)) == 6
    (failed,) = failed_requests(tmp_path)
    assert (failed.key, failed.words) == (requests(1)[0].key, "context_length_exceeded: 9000 tokens")


def test_an_exhausted_quota_in_the_items_ends_the_job_in_the_providers_words(tmp_path: Path) -> None:
    service = Failing(*[PermanentError("You exceeded your current quota")] * 5)
    with pytest.raises(UserError, match=r"batch \w+, 5 requests failed: the provider answers: You exceeded"):
        fetched(tmp_path, service, 6)
    assert service.sizes == [6] and held(tmp_path, requests(6)) == 1, "what was answered is kept"


def test_what_fails_in_every_batch_ends_after_a_few_with_its_words(tmp_path: Path) -> None:
    service = Failing(TransientError("the server had an error"))
    with pytest.raises(UserError, match="1 requests of here failed in 5 batches: the server had an error"):
        fetched(tmp_path, service, 6)
    assert service.sizes == [6, 1, 1, 1, 1]


@pytest.mark.parametrize(("code", "is_full"), [("token_limit_exceeded", True), ("billing_hard_limit_reached", False)])
def test_the_refusal_of_a_batch_is_in_its_errors(code: str, is_full: bool) -> None:
    errors = {"object": "list", "data": [{"code": code, "message": "No room here.", "line": None, "param": None}]}
    batch = {"id": "b", "object": "batch", "status": "failed", "errors": errors}
    with nasty(reply(200, batch)) as server, pytest.raises(BatchRefusedError, match="No room here") as caught:
        list(OpenAIBatches("k" * 20, f"{server.address}/v1", 5.0).results("b"))
    assert caught.value.is_queue_full is is_full


def test_while_a_job_waits_for_its_batch_others_fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second job runs inside the first one's first wait; each collects its own batch."""
    teacher = OpenAITeacher.model_validate(ENTRY)
    service = Narrow(room=1000)
    slow: set[str] = set()
    looked: list[str] = []

    def has_ended(identifier: str) -> bool:
        looked.append(identifier)
        return identifier not in slow

    def submit(items: Sequence[tuple[str, dict[str, Any]]], tag: str) -> str:
        service.batches[tag] = [key for key, _ in items]
        slow.update({tag} if len(service.batches) == 1 else ())
        return tag

    monkeypatch.setattr(service, "has_ended", has_ended)
    monkeypatch.setattr(service, "submit", submit)
    monkeypatch.setattr(factory, "make_batch_service", lambda _: service)

    def sleep(_: float) -> None:
        if len(service.batches) == 1:
            fetch_by_batch(requests(9)[5:])
            assert looked == list(service.batches), "nobody looks at others' batches"
            slow.clear()

    def fetch_by_batch(wanted: list[Any]) -> None:
        with factory.open_journal(teacher, tmp_path, tmp_path / "prices.yaml") as (journal, fetch):
            assert fetch is not None
            fetch(wanted, len(wanted), "here")
            assert all(request.key in journal for request in wanted)

    monkeypatch.setattr("gradus.teachers.requests.factory.time.sleep", sleep)
    (tmp_path / "prices.yaml").write_text("models: []\n", encoding="utf-8")
    fetch_by_batch(requests(5))
    assert held(tmp_path, requests(9)) == 9 and len(service.batches) == 2
