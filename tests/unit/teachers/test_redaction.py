"""Redaction: a key that a client was given is in nothing that leaves it, whatever its form."""

import asyncio
import base64
import io
import json
import logging
import traceback
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import anthropic
import httpx2
import openai
import pytest

from gradus.runtime.errors import UserError
from gradus.teachers.clients.anthropic_client import AnthropicClient
from gradus.teachers.clients.batches import AnthropicBatches, OpenAIBatches
from gradus.teachers.clients.openai_client import OpenAIClient
from gradus.teachers.clients.redaction import Redaction
from gradus.teachers.errors import PermanentError, TimedOutError, TransientError
from gradus.teachers.requests.journal import Response

KEYS = (
    "gsk_AbCd0123456789",
    "xai-0123456789abcdef",
    "hf_ABCDEFGHIJKLMNOP",
    "0123456789abcdef0123456789abcdef",
    "a+b(c)[d]{e}.*|^$?12345",
    "quote\"and'and\\slash12",
    "words with spaces 123",
    "clé-ünïcode-12345",
    "AIzaSyA-0123456789",
    "plainword",
)
FORMS: dict[str, Callable[[str], str]] = {
    "bare": lambda key: f"wrong {key}!",
    "header": lambda key: f"x-api-key: {key}",
    "query": lambda key: f"https://host/v1?token={key}&more=1",
    "quoted": lambda key: f"https://host/v1?key={quote(key, safe='')}",
    "bearer": lambda key: f"Authorization: Bearer {key}",
    "json": lambda key: json.dumps({"api_key": key}),
    "repr": lambda key: repr({"key": key}),
    "glued": lambda key: f"prefix{key}suffix",
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "basic": lambda key: f"Basic {base64.b64encode(f':{key}'.encode()).decode()}",
    "basic user": lambda key: f"Basic {base64.b64encode(f'{key}:'.encode()).decode()}",
    "long": lambda key: "x" * 590 + key,
}


def forms(key: str) -> list[str]:
    return [
        key,
        quote(key, safe=""),
        json.dumps(key)[1:-1],
        repr(key)[1:-1],
        *(base64.b64encode(text.encode()).decode().rstrip("=") for text in (key, f":{key}", f"{key}:")),
    ]


def shows(text: str, key: str) -> bool:
    return any(form in text for form in forms(key))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("key", KEYS)
def test_a_given_key_is_in_no_message(key: str, form: str) -> None:
    shown = Redaction(key).message(ValueError(FORMS[form](key)))
    assert not shows(shown, key), shown
    assert key[:8] not in shown, "not cut off in mid-key either"


@pytest.mark.parametrize("key", KEYS)
def test_a_given_key_is_in_no_answer_and_the_rest_is_as_it_was(key: str) -> None:
    raw = {"model": "m", "echo": [{f"x-{key}": f"Bearer {key}"}, 3, None, True], "usage": {"tokens": 1}}
    kept = Redaction(key).answer(raw)
    assert not shows(json.dumps(kept, ensure_ascii=False), key)
    assert (kept["model"], kept["usage"], kept["echo"][1:]) == ("m", {"tokens": 1}, [3, None, True])


def test_words_that_servers_without_keys_are_given_stay_in_answers() -> None:
    for word in ("", "none", "EMPTY", "x"):
        assert Redaction(word).answer({"text": "none is EMPTY, x = 3"}) == {"text": "none is EMPTY, x = 3"}
    assert Redaction("").text("none") == "none"


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: sk-abcdef0123456789.",
        "Bearer sk-proj-abcdef0123",
        "x-api-key: abcdef0123456789",
        "token=abcdef0123456789",
        "Authorization: Basic abcdef0123456789",
        "gsk_abcdef0123456789",
        "hf_abcdef0123456789",
        "xai-abcdef0123456789",
        '{"api_key": "abcdef0123456789"}',
    ],
)
def test_what_looks_like_somebodys_key_goes_too(text: str) -> None:
    assert "abcdef" not in Redaction().text(text)


def test_ordinary_messages_are_left_alone() -> None:
    text = "This model's maximum context length is 8192 tokens; key features: monkey, the token limit is 4096"
    assert Redaction("gsk_AbCd0123456789").text(text) == text


def test_the_password_of_an_address_is_a_secret() -> None:
    redaction = Redaction("none", base_url="https://user:s3cretpass@host/v1")
    basic = base64.b64encode(b"user:s3cretpass").decode()
    assert redaction.text(f"at https://user:s3cretpass@host and {basic}") == "at https://[key]@host and [key]"


@pytest.mark.parametrize("key", KEYS)
def test_log_lines_hold_no_key(key: str) -> None:
    stream = io.StringIO()
    logger = logging.getLogger("test_redaction")
    logger.propagate = False
    handler = logging.StreamHandler(stream)
    handler.addFilter(Redaction(key))
    logger.handlers = [handler]
    logger.warning("sent %s with %r", {"Authorization": key}, key)
    try:
        raise ValueError(f"bad {key}")
    except ValueError:
        logger.exception("failed")
    assert not shows(stream.getvalue(), key) and "failed" in stream.getvalue()


def test_a_client_guards_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(logging.getLogger(), "handlers", [logging.StreamHandler(stream)])
    OpenAIClient("gsk_AbCd0123456789", None, 5.0)
    logging.getLogger("openai._base_client").warning("options %s", {"key": "gsk_AbCd0123456789"})
    assert "options" in stream.getvalue() and "AbCd" not in stream.getvalue()


class Chained(Exception):
    """An error that quotes a key in itself and in the error behind it."""

    def __init__(self, key: str) -> None:
        super().__init__(f"headers {{'x-api-key': {key!r}}}")
        self.__cause__ = RuntimeError(f"caused by {key}")


def raising(error: Exception) -> Callable[..., Any]:
    async def post(*_: Any, **__: Any) -> Any:
        raise error

    return post


def caught(client: Any, key: str) -> Exception:
    """The error of a client's ``send``, after a look at everything that may be printed of it."""
    with pytest.raises(Exception) as found:
        asyncio.run(client.send({"model": "m", "messages": []}))
    error: BaseException | None = found.value
    printed = "".join(traceback.format_exception(found.value))
    assert not shows(printed, key), printed
    while error is not None:
        assert not shows(f"{error} {error!r}", key)
        error = error.__cause__ or error.__context__
    return found.value


@pytest.mark.parametrize("key", KEYS[:7])
def test_no_error_of_a_client_shows_its_key(key: str) -> None:
    ours = OpenAIClient(key, None, 5.0)
    theirs = AnthropicClient(key, None, 5.0)
    request = httpx2.Request("POST", "http://h/v1")
    for client, sdk in ((ours, openai), (theirs, anthropic)):
        kinds: dict[type[Exception], Exception] = {
            TransientError: sdk.APIError(f"bad body {key}", request, body=None),
            TimedOutError: sdk.APITimeoutError(request),
            RuntimeError: Chained(key),
        }
        for kind, error in kinds.items():
            client._client.post = raising(error)  # type: ignore[method-assign]
            assert type(caught(client, key)) is kind


def test_refusals_of_the_sdk_hold_no_key() -> None:
    key = "0123456789abcdef0123456789abcdef"
    client = OpenAIClient(key, None, 5.0)
    body = {"message": f"key {key} is blocked", "code": None}
    response = httpx2.Response(403, json={"error": body}, request=httpx2.Request("POST", f"http://u:{key}@h/v1"))
    client._client.post = raising(  # type: ignore[method-assign]
        openai.PermissionDeniedError(f"Error code: 403 - {body}", response=response, body=body)
    )
    assert isinstance(caught(client, key), PermanentError)


@pytest.mark.parametrize("error", [ValueError, KeyError], ids=["expected", "unexpected"])
@pytest.mark.parametrize("kind", [OpenAIBatches, AnthropicBatches])
def test_no_error_of_a_batch_shows_the_key(kind: Any, error: type[Exception]) -> None:
    key = "0123456789abcdef0123456789abcdef"
    service = kind(key, None, 5.0)

    def refuse(*_: Any, **__: Any) -> Any:
        raise failure

    failure = service._errors._kind(f"token={key}") if error is ValueError else error(f"x-api-key: {key}")
    endpoint = SimpleNamespace(list=refuse, retrieve=refuse, create=refuse, results=refuse)
    service._client = SimpleNamespace(
        batches=endpoint,
        messages=SimpleNamespace(batches=endpoint),
        files=SimpleNamespace(create=refuse),
        with_options=lambda **_: service._client,
        get=refuse,
    )
    calls: tuple[Callable[[], Any], ...] = (
        lambda: service.submit([("k", {})], "tag"),
        lambda: service.find("tag", 0.0, 1),
        lambda: service.has_ended("b"),
        lambda: list(service.results("b")),
    )
    for call in calls:
        with pytest.raises(UserError if error is ValueError else RuntimeError) as found:
            call()
        assert key not in "".join(traceback.format_exception(found.value))


def test_answers_of_a_batch_hold_no_key() -> None:
    key = "gsk_AbCd0123456789"
    body = {"model": "m", "choices": [{"message": {"content": f"you sent {key}"}}], "usage": {}}
    line = json.dumps({"custom_id": "k", "response": {"status_code": 200, "body": body}})
    service = OpenAIBatches(key, None, 5.0)
    batch = SimpleNamespace(status="completed", output_file_id="f", error_file_id=None)
    service._client = SimpleNamespace(  # type: ignore[assignment]
        batches=SimpleNamespace(retrieve=lambda _: batch),
        files=SimpleNamespace(content=lambda _: SimpleNamespace(content=line.encode())),
    )
    ((name, response),) = service.results("b")
    assert name == "k" and isinstance(response, Response)
    assert response.text == "you sent [key]" and key not in json.dumps(response.raw)
