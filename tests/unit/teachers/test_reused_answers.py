"""Which answers of a journal are reused, from which server and model they come, and what they cost."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scripted_provider import Scripted, fetch, held, message, requests

from gradus.runtime.errors import UserError
from gradus.study.config.teachers import OpenAITeacher, VllmTeacher
from gradus.teachers.errors import (
    ContentFiltered,
)
from gradus.teachers.requests.chat_request import ChatRequest
from gradus.teachers.requests.journal import Journal, Response
from gradus.teachers.requests.reuse import find_answer, find_output
from gradus.teachers.requests.servers import check_server
from gradus.teachers.requests.spending import Spending, spending


def limited(count: int, limit: int) -> list[ChatRequest]:
    return [ChatRequest({**request.body, "max_tokens": limit}, 0) for request in requests(count)]


def test_a_raised_output_limit_asks_again_only_what_was_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = Scripted.send

    async def cut_the_third(self: Scripted, body: dict[str, Any]) -> Response:
        response = await send(self, body)
        is_cut = body["max_tokens"] == 100 and body["messages"][0]["content"] == "q2"
        return replace(response, finish_reason="length") if is_cut else response

    monkeypatch.setattr(Scripted, "send", cut_the_third)
    fetch(tmp_path, limited(6, 100))
    again, client, _ = fetch(tmp_path, limited(6, 400))
    assert again.fetched == 1 and client.calls[0][1] == "q2"
    with Journal(tmp_path) as journal:
        found = [find_answer(journal, request) for request in limited(6, 400)]
        assert [held and held.request.limit for held in found] == [100, 100, 400, 100, 100, 100]
        assert all(held and held.response.finish_reason == "stop" for held in found)
        assert find_answer(journal, limited(1, 50)[0]) is None, "a lower limit is another question"


def dated(*models: str) -> Any:
    """A client's ``send`` whose answers come from these models, the last one for ever."""
    send, left = Scripted.send, list(models)

    async def answer(self: Scripted, body: dict[str, Any]) -> Response:
        return replace(await send(self, body), model=left.pop(0) if len(left) > 1 else left[0])

    return answer


def test_an_alias_that_moves_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = "m-2024-08-06", "m-2024-11-20"
    monkeypatch.setattr(Scripted, "send", dated(first, first, first, second))
    queue, client, _ = fetch(tmp_path, requests(20), max_concurrency=1)
    said = f"'m' was answered by different models: {first}, {second}"
    assert said in message(queue) and len(client.calls) == 4
    again, client, _ = fetch(tmp_path, requests(20), max_concurrency=1)
    assert said in message(again) and len(client.calls) == 1, "also in a later job"
    both, _, _ = fetch(tmp_path, requests(20), also_accept=[second])
    assert both.fetched == 15 and held(tmp_path, requests(20)) == 20


def test_a_declined_request_names_no_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Scripted, "send", dated("m-2024-08-06"))
    queue, _, _ = fetch(tmp_path, requests(5), [None, ContentFiltered("no")], max_concurrency=1)
    assert queue.fetched == 5


def teacher_at(address: str | None, **keys: Any) -> OpenAITeacher:
    return OpenAITeacher(provider="openai", model="m", base_url=address, **keys)


def test_another_server_is_another_teacher(tmp_path: Path) -> None:
    wanted = requests(2)
    with Journal(tmp_path) as journal:
        journal.add(wanted[0].key, wanted[0].content, Response("a", "stop", "m", {}))
    with Journal(tmp_path) as journal:
        check_server(teacher_at("http://b:1/v1"), journal)
        facts: dict[str, Any] = {"server": "a.example:8000/v1"}
        journal.add(wanted[1].key, wanted[1].content, Response("a", "stop", "m", {}), **facts)
    with Journal(tmp_path) as journal:
        for same in ("http://a.example:8000/v1/", "https://user:secret@a.example:8000/v1"):
            check_server(teacher_at(same), journal)
        check_server(teacher_at("http://b/v1", same_server_as=["http://a.example:8000/v1"]), journal)
        check_server(VllmTeacher(provider="vllm", model="m"), journal)
        for other in (None, "http://a.example:8001/v1", "http://u:secret@b/v1"):
            with pytest.raises(UserError, match=r"1 answers in this journal come from a\.example:8000/v1") as caught:
                check_server(teacher_at(other), journal)
            assert "secret" not in str(caught.value)


def test_what_was_spent_is_told_per_day_key_and_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage, days = {"input_tokens": 10, "output_tokens": 5}, iter([1.8e9, 1.8e9, 1.8e9 + 86400, 1.8e9 + 86400])
    monkeypatch.setattr("gradus.teachers.requests.journal.time.time", lambda: next(days))
    with Journal(tmp_path / "t") as journal:
        journal.add("a" * 64, {}, Response("a", "stop", "m", usage, 0.25), account="K1")
        journal.add("b" * 64, {}, Response("a", "stop", "m", usage, 0.5), account="K2", batch="b")
        journal.add("c" * 64, {}, Response("", "unusable", "m", usage, 0.125), account="K2", unusable=True)
        journal.add("d" * 64, {}, Response("a", "stop", "m", {}))
    found = {(group.day, group.account): sums for group, sums in spending(tmp_path / "t").items()}
    assert found[("2027-01-15", "K1")] == Spending(1, 10, 5, 0.25)
    assert found[("2027-01-15", "K2")] == Spending(1, 10, 5, 0.5, batched=1)
    assert found[("2027-01-16", "K2")] == Spending(1, 10, 5, 0.125, unusable=1)
    assert found[("2027-01-16", "-")] == Spending(1, 0, 0, 0.0, unpriced=1)


def test_the_index_counts_what_a_look_up_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    send = Scripted.send

    async def end_in_turns(self: Scripted, body: dict[str, Any]) -> Response:
        number = int(body["messages"][0]["content"][1:])
        return replace(
            await send(self, body), finish_reason="length" if number % 2 else "stop", usage={"output_tokens": number}
        )

    monkeypatch.setattr(Scripted, "send", end_in_turns)
    fetch(tmp_path, limited(6, 100))
    fetch(tmp_path, limited(3, 200))
    with Journal(tmp_path) as journal:
        for request in [*limited(8, 400), *limited(8, 200), *limited(8, 50)]:
            found = find_answer(journal, request)
            assert find_output(journal, request) == (None if found is None else found.response.usage["output_tokens"])
