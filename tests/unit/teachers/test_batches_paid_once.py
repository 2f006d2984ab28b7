"""Batches are paid once: whatever changes while they are open, and whatever else the provider's service says."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from narrow_batches import ENTRY, Narrow
from scripted_provider import PRICE, fetch, held, message, requests

from gradus.runtime.errors import UserError
from gradus.study.config.teachers import OpenAITeacher
from gradus.teachers.errors import BatchServiceRefusedError, BatchServiceTroubleError
from gradus.teachers.requests.batch import BatchQueue
from gradus.teachers.requests.chat_request import ChatRequest
from gradus.teachers.requests.journal import Journal, Response


def by_batch(folder: Path, service: Narrow, wanted: list[ChatRequest], half: str = "fetch", **entry: Any) -> str:
    """Ask by batch; what stops it, with the hint."""
    teacher = OpenAITeacher.model_validate({**ENTRY, **entry})
    with Journal(folder) as journal:
        queue = BatchQueue(lambda: service, journal, teacher, PRICE, lambda _: None)
        try:
            {"fetch": queue.fetch, "submit": queue.submit, "collect": queue.fetch_ended}[half](wanted, 0, "here")
        except UserError as error:
            return str(error)
    return ""


def test_what_is_in_an_open_batch_is_not_bought_online_too(tmp_path: Path) -> None:
    """`mode: online` while batches were open bought each of their answers a second time."""
    service, wanted = Narrow(room=1000), requests(30)
    assert by_batch(tmp_path, service, wanted[:20], "submit") == ""
    queue, client, _ = fetch(tmp_path, wanted)
    assert "20 requests of test are in open batches" in message(queue) and "batches.py" in message(queue)
    assert len(client.calls) == 10 and held(tmp_path, wanted) == 10, "the others are fetched"
    queue, client, _ = fetch(tmp_path, wanted[:20])
    assert "20 requests" in message(queue) and not client.calls
    assert by_batch(tmp_path, service, wanted, "collect") == ""
    queue, client, _ = fetch(tmp_path, wanted)
    assert "None" in message(queue) and not client.calls and held(tmp_path, wanted) == 30


def test_a_refused_submission_does_not_hold_up_requests_online(tmp_path: Path) -> None:
    """A server without batches: the entry goes back to `mode: online`."""

    class Without(Narrow):
        def submit(self, *_: object) -> str:
            raise BatchServiceRefusedError("the provider's batch service answers: NotFoundError")

    assert "NotFoundError" in by_batch(tmp_path, Without(room=1), requests(5), "submit")
    queue, _, _ = fetch(tmp_path, requests(5))
    assert "None" in message(queue) and held(tmp_path, requests(5)) == 5


@pytest.mark.parametrize("has_arrived", [True, False])
def test_a_submission_that_was_not_confirmed_is_not_bought_online_too(tmp_path: Path, has_arrived: bool) -> None:
    """The connection broke during a submission: the batch may be there. `mode: batch` looks, and then either way is open."""

    class Breaking(Narrow):
        broken = False

        def submit(self, items: Any, tag: str) -> str:
            if not self.broken:
                self.broken = True
                if has_arrived:
                    super().submit(items, tag)
                raise BatchServiceTroubleError("the provider's batch service answers: APITimeoutError")
            return super().submit(items, tag)

    service, wanted = Breaking(room=1000), requests(20)
    assert "APITimeoutError" in by_batch(tmp_path, service, wanted, "submit")
    queue, client, _ = fetch(tmp_path, wanted)
    assert "20 requests of test are in open batches, or in one whose submission was not confirmed" in message(queue)
    assert not client.calls
    by_batch(tmp_path, service, wanted, "collect")
    queue, client, _ = fetch(tmp_path, wanted)
    assert held(tmp_path, wanted) == (20 if has_arrived else 0) and not client.calls, message(queue)


@pytest.mark.parametrize("half", ["fetch", "collect"])
def test_a_batch_that_the_provider_does_not_know_leaves_the_others(
    tmp_path: Path, half: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was deleted, or is another account's: those that have ended are paid for, and kept first."""
    service, wanted = Narrow(room=1000, most_items=10), requests(30)
    for start in (0, 10, 20):
        assert by_batch(tmp_path, service, wanted[start : start + 10], "submit") == ""
    gone, has_ended = min(service.batches), service.has_ended

    def ended(identifier: str) -> bool:
        if identifier == gone:
            raise UserError("the provider's batch service answers: No batch found")
        return bool(has_ended(identifier))

    monkeypatch.setattr(service, "has_ended", ended)
    said = by_batch(tmp_path, service, wanted, half)
    assert "No batch found" in said and gone in said and "batches.py" in said
    assert held(tmp_path, wanted) == 20 and len(service.sizes) == 3


def limited(count: int, limit: int) -> list[ChatRequest]:
    return [replace(one, body={**one.body, "max_completion_tokens": limit}) for one in requests(count)]


@pytest.mark.parametrize("half", ["fetch", "collect"])
def test_a_higher_limit_while_a_batch_is_open_buys_only_what_the_lower_one_cuts_off(
    tmp_path: Path, half: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it was bought a second time."""
    service, wanted = Narrow(room=1000), limited(20, 4000)
    lower = limited(20, 1000)
    assert by_batch(tmp_path, service, lower, "submit") == ""
    results, cut = service.results, {one.key for one in lower[:3]}

    def answers(identifier: str) -> Any:
        for key, answer in results(identifier):
            assert isinstance(answer, Response)
            yield key, replace(answer, finish_reason="length") if key in cut else answer

    monkeypatch.setattr(service, "results", answers)
    assert by_batch(tmp_path, service, wanted, "submit") == "" and service.sizes == [20], "nothing yet"
    said = by_batch(tmp_path, service, wanted, half)
    assert service.sizes == [20, 3] and held(tmp_path, lower) == 20
    assert said == "" if half == "fetch" else "3 of 0 requests of here wait" in said
