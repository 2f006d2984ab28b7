"""Bodies that hold something odd: what arrived may have been paid for, so that it is kept, and hides nothing beside it."""

import asyncio
import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from builders import FakeClock
from nasty_provider import completion, nasty, reply
from scripted_provider import PRICE, requests

from gradus.runtime.errors import UserError
from gradus.study.config.teachers import ChatTeacher, OpenAITeacher
from gradus.teachers.clients.anthropic_client import AnthropicClient
from gradus.teachers.clients.batches import AnthropicBatches, OpenAIBatches
from gradus.teachers.clients.openai_client import OpenAIClient
from gradus.teachers.errors import BadRequestError, ProviderError, UnusableAnswerError
from gradus.teachers.requests.batch import BatchQueue
from gradus.teachers.requests.journal import Journal, Response
from gradus.teachers.requests.prices import cost
from gradus.teachers.requests.queue import RequestQueue

KEY = "k" * 20
BODY = {"model": "m", "messages": [{"role": "user", "content": "q"}]}
ODD_NUMBERS = ("Infinity", "-Infinity", "1e999", "NaN", "-3", "1" + "0" * 400, "9" * 5000, "1000000001", "true", '"5"')


def message(**changes: Any) -> dict[str, Any]:
    """A message as Anthropic sends it."""
    usage = {"input_tokens": 100, "output_tokens": 50}
    whole = {"type": "message", "model": "m", "content": [{"type": "text", "text": "A."}], "stop_reason": "end_turn"}
    return {**whole, "usage": usage, **changes}


def sent(body: bytes, kind: str = "openai") -> Response:
    async def send(address: str) -> Response:
        client: Any = AnthropicClient(KEY, address, 5.0) if kind == "anthropic" else OpenAIClient(KEY, address, 5.0)
        try:
            response: Response = await client.send(BODY)
            return response
        finally:
            await client.close()

    with nasty(reply(200, body)) as server:
        return asyncio.run(send(server.address))


def with_number(whole: dict[str, Any], number: str) -> bytes:
    """A body with a number in place of HERE, as its bytes have it."""
    return json.dumps(whole).encode().replace(b'"HERE"', number.encode())


@pytest.mark.parametrize("number", ODD_NUMBERS)
def test_a_number_of_tokens_that_is_none_leaves_the_answer(number: str) -> None:
    answer = sent(with_number(completion(usage={"prompt_tokens": 100, "completion_tokens": "HERE"}), number))
    assert (answer.text, answer.usage) == ("So. The answer is 3.", {"input_tokens": 100})
    answer = sent(with_number(message(usage={"input_tokens": 7, "output_tokens": "HERE"}), number), "anthropic")
    assert (answer.text, answer.usage) == ("A.", {"input_tokens": 7})


@pytest.mark.parametrize("number", ODD_NUMBERS[:7])
def test_odd_numbers_anywhere_are_kept_with_the_answer(number: str, tmp_path: Path) -> None:
    answer = sent(with_number(completion(created="HERE"), number))
    with Journal(tmp_path) as journal:
        journal.add(requests(1)[0].key, {"body": BODY}, answer)
    with Journal(tmp_path) as journal:
        held = journal.look(requests(1)[0].key)
    assert held is not None and held.text == "So. The answer is 3."


@pytest.mark.parametrize("code", ["²", "٣", "9" * 5000, -1, 1e999, None, [], {}])
def test_an_odd_code_leaves_the_words_of_an_error(code: Any) -> None:
    with pytest.raises(ProviderError, match=r"an error in place of an answer .*: The words") as caught:
        sent(json.dumps({"error": {"code": code, "message": "The words"}}).encode())
    assert isinstance(caught.value, BadRequestError)


def test_a_deep_field_beside_a_text_leaves_the_text(tmp_path: Path) -> None:
    deep = b"[" * 900 + b'"%s"' % KEY.encode() + b"]" * 900
    answer = sent(json.dumps(completion(trace="HERE")).encode().replace(b'"HERE"', deep))
    assert answer.text == "So. The answer is 3." and answer.raw is not None
    inner: Any = answer.raw["trace"]
    while isinstance(inner, list):
        (inner,) = inner
    assert inner == "[key]"
    with Journal(tmp_path) as journal:
        journal.add(requests(1)[0].key, {"body": BODY}, answer)
        held = journal.look(requests(1)[0].key)
    assert held is not None and held.text == answer.text


def fails(_: Any) -> Response:
    raise KeyError(f"a defect that shows {KEY}")


def test_a_body_that_our_own_reader_cannot_read_is_kept_with_its_price(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OpenAIClient, "read", staticmethod(fails))
    with nasty(reply(200, completion())) as server, Journal(tmp_path) as journal:
        client = OpenAIClient(KEY, server.address, 5.0)
        queue = RequestQueue(lambda: client, journal, ChatTeacher(model="m"), PRICE)
        with pytest.raises(UserError, match=r"no answer: it cannot be read \(KeyError: .*marked unusable") as caught:
            queue.fetch(requests(1), 1, "test")
        assert KEY not in str(caught.value) and len(server.asked) == 1
        assert journal.unusable == 1 and journal.spent_usd == pytest.approx(600 / 1e6)
    (shard,) = tmp_path.glob("*.jsonl")
    assert json.loads(shard.read_text())["raw"]["choices"] == completion()["choices"]


class Odd:
    """A new provider's client, which counts as it likes."""

    version = "none"

    def __init__(self, usage: Any) -> None:
        self.usage = usage

    async def send(self, body: dict[str, Any]) -> Response:
        return Response("The answer is 3.", "stop", "m", self.usage)

    async def close(self) -> None: ...


@pytest.mark.parametrize(
    "tokens", [10**400, float("inf"), float("nan"), "many", None], ids=["huge", "infinite", "nan", "text", "none"]
)
def test_an_answer_is_kept_whether_or_not_its_price_can_be_told(tokens: Any, tmp_path: Path) -> None:
    usage: Any = {"input_tokens": 100, "output_tokens": tokens}
    assert cost(PRICE, usage) is None

    clock = FakeClock()
    with Journal(tmp_path) as journal:
        queue = RequestQueue(lambda: Odd(usage), journal, ChatTeacher(model="m"), PRICE, clock)
        with contextlib.suppress(
            ArithmeticError, TypeError, ValueError
        ):  # a new client's defect, after its answer was kept
            queue.fetch(requests(1), 1, "test")
        assert (requests(1)[0].key in journal, journal.unpriced) == (True, 1)


def openai_line(name: str, body: Any, status: Any = 200) -> bytes:
    return json.dumps({"custom_id": name, "response": {"status_code": status, "body": body}}).encode()


def anthropic_line(name: str, **rest: Any) -> bytes:
    return json.dumps({"custom_id": name, **rest}).encode()


def openai_batch(*lines: bytes) -> dict[str, Response | ProviderError]:
    batch = {"id": "b", "object": "batch", "status": "completed", "output_file_id": "f", "error_file_id": None}
    with nasty(reply(200, batch), reply(200, b"\n".join(lines))) as server:
        return dict(OpenAIBatches(KEY, server.address, 5.0).results("b"))


def test_no_odd_item_of_a_batch_hides_those_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = completion(usage={"prompt_tokens": 100, "completion_tokens": "HERE"})
    found = openai_batch(
        openai_line("infinite", odd).replace(b'"HERE"', b"Infinity"),
        openai_line("long", odd).replace(b'"HERE"', b"9" * 5000),
        openai_line("status", completion(), "odd"),
        openai_line("code", {"error": {"code": "²", "message": "The words"}}),
        openai_line("endless", "HERE").replace(b'"HERE"', b"[" * 100_000),
        openai_line("fine", completion()),
    )
    kinds = {name: type(outcome).__name__ for name, outcome in found.items()}
    assert kinds == {
        "infinite": "Response",
        "long": "Response",
        "status": "UnusableAnswerError",
        "code": "BadRequestError",
        "endless": "UnusableAnswerError",
        "fine": "Response",
    }
    monkeypatch.setattr(OpenAIClient, "read", staticmethod(fails))
    outcome = openai_batch(openai_line("a", completion()))["a"]
    assert isinstance(outcome, UnusableAnswerError) and outcome.raw == completion()
    assert outcome.usage == {"input_tokens": 100, "output_tokens": 50} and KEY not in str(outcome)


def test_an_anthropic_item_without_a_result_hides_none_after_it() -> None:
    lines = (
        anthropic_line("absent"),
        anthropic_line("null", result=None),
        anthropic_line("text", result="succeeded"),
        anthropic_line("empty", result={"type": "succeeded"}),
        anthropic_line("fine", result={"type": "succeeded", "message": message()}),
    )
    with nasty(reply(200, b"\n".join(lines))) as server:
        found = dict(AnthropicBatches(KEY, server.address, 5.0).results("b"))
    assert [name for name, one in found.items() if isinstance(one, UnusableAnswerError)] == [
        "absent",
        "null",
        "text",
        "empty",
    ]
    assert isinstance(found["fine"], Response)


def test_a_batch_with_an_odd_item_is_collected_and_its_answers_are_kept(tmp_path: Path) -> None:
    """It was stuck, and paid for: every run ended at the odd item."""
    wanted = requests(3)
    keys = [request.key for request in wanted]
    odd = openai_line(keys[0], completion(usage={"prompt_tokens": 9, "completion_tokens": "HERE"}))
    lines = [odd.replace(b'"HERE"', b"1" + b"0" * 400), *(openai_line(key, completion()) for key in keys[1:])]
    file = {"id": "f", "object": "file"}
    batch = {"id": "b", "object": "batch", "status": "completed", "output_file_id": "f", "error_file_id": None}
    replies = [reply(200, one) for one in (file, batch, batch, batch)]
    teacher = OpenAITeacher.model_validate({"provider": "openai", "model": "m", "mode": "batch"})
    with nasty(*replies, reply(200, b"\n".join(lines))) as server, Journal(tmp_path) as journal:
        service = OpenAIBatches(KEY, server.address, 5.0)
        BatchQueue(lambda: service, journal, teacher, PRICE).fetch(wanted, 3, "here")
        assert all(key in journal for key in keys) and not list((tmp_path / "batches").iterdir())


def test_an_item_that_is_no_answer_is_not_bought_five_times(tmp_path: Path) -> None:
    """As online, the server would send it again: the job ends with what it sent, after all others were kept."""
    wanted = requests(3)
    lines = [openai_line(wanted[0].key, ["no completion"]), *(openai_line(one.key, completion()) for one in wanted[1:])]
    batch = {"id": "b", "object": "batch", "status": "completed", "output_file_id": "f", "error_file_id": None}
    replies = [reply(200, one) for one in ({"id": "f", "object": "file"}, batch, batch, batch)]
    teacher = OpenAITeacher.model_validate({"provider": "openai", "model": "m", "mode": "batch"})
    with nasty(*replies, reply(200, b"\n".join(lines))) as server, Journal(tmp_path) as journal:
        service = OpenAIBatches(KEY, server.address, 5.0)
        with pytest.raises(UserError, match=r"batch b, 1 requests failed: .*not a chat completion.*in the journal"):
            BatchQueue(lambda: service, journal, teacher, PRICE).fetch(wanted, 3, "here")
        assert len(server.asked) == 5 and journal.unusable == 1
        assert all(one.key in journal for one in wanted[1:])
