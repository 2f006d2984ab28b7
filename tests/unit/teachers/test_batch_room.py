"""A provider whose queue of batches is full: what did not fit is submitted again when others have ended, or in parts."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from nasty_provider import nasty, reply
from scripted_provider import held, requests

from gradus.runtime.errors import UserError
from gradus.study.config.teachers import OpenAITeacher
from gradus.teachers.clients.batches import OpenAIBatches
from gradus.teachers.errors import BatchRefusedError, ProviderError
from gradus.teachers.requests import factory
from gradus.teachers.requests.batch import BatchQueue
from gradus.teachers.requests.journal import Journal, Response

FULL = BatchRefusedError("Enqueued token limit reached for m. Limit: 30", True)


class Narrow:
    """Takes ``room`` requests at a time; a batch that does not fit beside the open ones is refused."""

    most_bytes = 10**9
    keeps_tags = True

    def __init__(self, room: int, most_items: int = 50_000, refusal: BatchRefusedError = FULL) -> None:
        self.room, self.most_items, self.refusal = room, most_items, refusal
        self.batches: dict[str, list[str] | None] = {}
        self.sizes: list[int] = []
        self.open: set[str] = set()

    def submit(self, items: Sequence[tuple[str, dict[str, Any]]], tag: str) -> str:
        keys = [key for key, _ in items]
        taken = sum(len(self.batches[name] or ()) for name in self.open)
        self.batches[tag] = keys if taken + len(keys) <= self.room else None
        self.sizes.append(len(keys))
        self.open.add(tag)
        return tag

    def find(self, tag: str, since: float, count: int) -> list[str]:
        return []

    def has_ended(self, identifier: str) -> bool:
        self.open.discard(identifier)
        return True

    def now(self) -> float:
        return 0.0

    def results(self, identifier: str) -> Iterator[tuple[str, Response | ProviderError]]:
        keys = self.batches[identifier]
        if keys is None:
            raise self.refusal
        yield from ((key, Response("The answer is 3.", "stop", "m", {}, 0.0)) for key in keys)


def fetched(folder: Path, service: Narrow, count: int, **limits: Any) -> list[float]:
    """Ask by batch; the pauses that were made."""
    pauses: list[float] = []
    teacher = OpenAITeacher.model_validate(
        {"provider": "openai", "model": "m", "mode": "batch", "allow_unknown_price": True, **limits}
    )
    with Journal(folder) as journal:
        BatchQueue(lambda: service, journal, teacher, None, pauses.append).fetch(requests(count), count, "here")
    return pauses


def test_batches_that_do_not_fit_beside_others_are_submitted_again(tmp_path: Path) -> None:
    service = Narrow(room=30, most_items=25)
    assert fetched(tmp_path, service, 190) == []
    assert held(tmp_path, requests(190)) == 190
    assert max(service.sizes) == 25 and not list((tmp_path / "batches").iterdir())


def test_a_batch_that_never_fits_is_cut(tmp_path: Path) -> None:
    service = Narrow(room=30)
    pauses = fetched(tmp_path, service, 190)
    assert held(tmp_path, requests(190)) == 190
    assert service.sizes[:3] == [190, 95, 95] and len(pauses) == 3 and 20 <= min(service.sizes[-8:-1]) <= 30


def test_others_batches_are_waited_for_and_then_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not finished yet: Enqueued token limit reached for m"):
        fetched(tmp_path, Narrow(room=0), 50, batch_wait_hours=1e-6)


def test_another_refusal_ends_the_job_in_the_providers_words(tmp_path: Path) -> None:
    refused = Narrow(room=0, refusal=BatchRefusedError("Billing hard limit has been reached", False))
    with pytest.raises(UserError, match="the provider refuses a batch: Billing hard limit has been reached"):
        fetched(tmp_path, refused, 5)
    assert refused.sizes == [5] and not list((tmp_path / "batches").iterdir())


@pytest.mark.parametrize(("code", "is_full"), [("token_limit_exceeded", True), ("billing_hard_limit_reached", False)])
def test_the_refusal_of_a_batch_is_in_its_errors(code: str, is_full: bool) -> None:
    errors = {"object": "list", "data": [{"code": code, "message": "No room here.", "line": None, "param": None}]}
    batch = {"id": "b", "object": "batch", "status": "failed", "errors": errors}
    with nasty(reply(200, batch)) as server, pytest.raises(BatchRefusedError, match="No room here") as caught:
        list(OpenAIBatches("k" * 20, f"{server.address}/v1", 5.0).results("b"))
    assert caught.value.is_queue_full is is_full


def test_while_a_job_waits_for_its_batch_others_fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second job runs inside the first one's first wait; each collects its own batch."""
    settings = {"provider": "openai", "model": "m", "mode": "batch", "allow_unknown_price": True}
    teacher = OpenAITeacher.model_validate(settings)
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
