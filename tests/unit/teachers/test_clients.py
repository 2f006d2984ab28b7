"""Clients against a provider that behaves as public reports say: odd bodies are kept, and its own words reach the user."""

import asyncio
import json
import time
from typing import Any

import pytest
from nasty_provider import completion, nasty, reply

from gradus.runtime.errors import UserError
from gradus.study.config.teachers import AnthropicTeacher, OpenAITeacher
from gradus.teachers.clients.anthropic_client import AnthropicClient
from gradus.teachers.clients.batches import AnthropicBatches, OpenAIBatches
from gradus.teachers.clients.connections import is_this_machine, usable_key
from gradus.teachers.clients.failures import words_of
from gradus.teachers.clients.openai_client import OpenAIClient
from gradus.teachers.errors import (
    BadRequestError,
    ContentFiltered,
    DailyLimitError,
    NotOfferedError,
    PermanentError,
    ProviderError,
    RateLimitError,
    RejectedRequestError,
    TransientError,
    UnreachableError,
    UnusableAnswerError,
)
from gradus.teachers.registry import make_batch_service, make_client
from gradus.teachers.requests.journal import Response

BODY = {"model": "m", "messages": [{"role": "user", "content": "q"}]}


def sent(*replies: bytes, kind: str = "openai") -> Response:
    """What a client makes of a reply; raises what it raises."""

    async def send(address: str) -> Response:
        client: Any = AnthropicClient("k" * 20, address, 5.0)
        if kind == "openai":
            client = OpenAIClient("k" * 20, f"{address}/v1", 5.0)
        try:
            response: Response = await client.send(BODY)
            return response
        finally:
            await client.close()

    with nasty(*replies) as server:
        return asyncio.run(send(server.address))


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        ({"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150}, (100, 50, None, None)),
        ({"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 5150}, (100, 5050, None, None)),
        ({"prompt_tokens": 100, "completion_tokens": 50}, (100, 50, None, None)),
        ({"prompt_tokens": 100, "completion_tokens": None, "total_tokens": 180}, (100, 80, None, None)),
        (
            {
                "prompt_tokens": 100,
                "completion_tokens": 50,
                "prompt_tokens_details": {"cached_tokens": 64},
                "completion_tokens_details": {"reasoning_tokens": 40},
            },
            (100, 50, 64, 40),
        ),
        ({"prompt_tokens": 100, "completion_tokens": 50, "prompt_cache_hit_tokens": 60}, (100, 50, 60, None)),
        ({}, (None, None, None, None)),
        (None, (None, None, None, None)),
        ("many", (None, None, None, None)),
        ({"prompt_tokens": float("nan"), "completion_tokens": -3}, (None, None, None, None)),
    ],
)
def test_everything_that_is_billed_is_counted(usage: Any, counts: tuple[int | None, ...]) -> None:
    names = ("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens")
    expected = {name: value for name, value in zip(names, counts, strict=True) if value is not None}
    assert sent(reply(200, completion(usage=usage))).usage == expected


def test_an_answer_without_a_model_is_an_answer_of_an_unnamed_one() -> None:
    assert sent(reply(200, completion(model=None))).model == "unnamed"


@pytest.mark.parametrize(
    "content", [b'"an icon \\ud83d"', "\u2028 raw".encode().join([b'"', b'"']), b'"not UTF-8 \xff"', b'"nul \\u0000"']
)
def test_odd_texts_are_answers(content: bytes) -> None:
    body = json.dumps(completion(message={"content": "HERE"})).encode().replace(b'"HERE"', content)
    response = sent(reply(200, body.replace(b'"id"', b'"score": NaN, "id"')))
    assert response.finish_reason == "stop" and len(response.text) >= 5


@pytest.mark.parametrize(
    ("message", "text", "reasoning"),
    [
        ({"content": "A.", "reasoning_content": "Hm."}, "A.", "Hm."),
        ({"content": "A.", "reasoning": "Hm."}, "A.", "Hm."),
        (
            {
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
                    {"type": "text", "text": "A"},
                    {"type": "text", "text": "."},
                ]
            },
            "A.",
            "Hm.",
        ),
        ({"content": None, "reasoning_content": "Hm."}, "", "Hm."),
    ],
)
def test_thoughts_have_a_field_of_their_own(message: dict[str, Any], text: str, reasoning: str) -> None:
    response = sent(reply(200, completion(message=message)))
    assert (response.text, response.reasoning) == (text, reasoning)


def test_thinking_blocks_have_a_field_of_their_own() -> None:
    blocks = [{"type": "thinking", "thinking": "Hm.", "signature": "s"}, {"type": "text", "text": "A."}]
    usage = {"input_tokens": 10, "cache_read_input_tokens": 90, "output_tokens": 5}
    body = {"type": "message", "model": "m", "content": blocks, "stop_reason": "end_turn", "usage": usage}
    response = sent(reply(200, body), kind="anthropic")
    assert (response.text, response.reasoning) == ("A.", "Hm.")
    assert response.usage == {"input_tokens": 100, "output_tokens": 5, "cached_tokens": 90}


GEMINI = [
    {
        "error": {
            "code": 429,
            "message": "Quota exceeded: GenerateRequestsPerDayPerProject",
            "status": "RESOURCE_EXHAUSTED",
        }
    }
]
GEMINI_NOW = [
    {
        "error": {
            "code": 429,
            "message": "You exceeded your current quota, please check your plan. Please retry in 34.1s.",
            "details": [
                {"violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]},
                {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"},
            ],
        }
    }
]
GEMINI_MINUTE: Any = [
    {
        "error": {
            "code": 429,
            "message": "You exceeded your current quota.",
            "details": [
                {"violations": [{"quotaId": "GenerateContentInputTokensPerModelPerMinute-FreeTier"}]},
                {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"},
            ],
        }
    }
]
PAGE = b"<html><head><style>p{}</style></head><body><h1>504 Gateway</h1><p>the proxy&#39;s page</p></body></html>"


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (reply(400, {"error": {"message": "The words", "code": "x"}}), BadRequestError, "BadRequestError: The words"),
        (reply(400, [{"error": {"message": "A list's words"}}]), BadRequestError, "A list's words"),
        (reply(400, b"plain words", content_type="text/plain"), BadRequestError, "plain words"),
        (reply(404, b""), NotOfferedError, "(asked: http://127.0.0.1:"),
        (reply(404, {"detail": "Not Found"}), NotOfferedError, "Not Found (asked: http://127.0.0.1:"),
        (reply(504, PAGE, content_type="text/html"), TransientError, "504 Gateway the proxy's page"),
        (reply(402, {"error": {"message": "Insufficient Balance"}}), PermanentError, "Insufficient Balance"),
        (reply(429, GEMINI), DailyLimitError, "GenerateRequestsPerDayPerProject"),
        (reply(429, GEMINI_NOW), DailyLimitError, "You exceeded your current quota"),
        (reply(429, GEMINI_MINUTE), RateLimitError, "You exceeded your current quota"),
        (reply(200, {"error": GEMINI_NOW[0]["error"]}), DailyLimitError, "You exceeded your current quota"),
        (reply(429, GEMINI, retry_after="86390"), RateLimitError, "Quota exceeded"),
        (reply(429, {"error": {"message": "m", "code": "insufficient_quota"}}), PermanentError, "m"),
        (reply(429, {"error": {"message": "m", "type": "exceeded_current_quota_error"}}), PermanentError, "m"),
        (reply(400, {"error": {"message": "m", "code": "context_length_exceeded"}}), RejectedRequestError, "m"),
        (reply(400, {"error": {"message": "prompt is too long: 9 tokens"}}), RejectedRequestError, "too long"),
        (reply(413, b"Request Entity Too Large"), RejectedRequestError, "Too Large"),
        (reply(400, {"error": {"message": "m", "code": "content_filter"}}), ContentFiltered, "m"),
        (
            reply(200, {"error": {"message": "Insufficient credits", "code": 402}}),
            PermanentError,
            "Insufficient credits",
        ),
        (reply(200, {"error": {"message": "busy", "code": 429}}), RateLimitError, "busy"),
        (reply(200, {"error": {"message": "upstream", "code": 502}}), TransientError, "upstream"),
        (reply(200, completion(choices=[{"error": {"message": "gone", "code": 502}}])), TransientError, "gone"),
        (reply(200, PAGE, content_type="text/html"), UnusableAnswerError, "no JSON: 504 Gateway the proxy's page"),
        (reply(200, {"object": "list", "data": []}), UnusableAnswerError, "not a chat completion: {'object'"),
        (reply(200, b"[" * 100_000), UnusableAnswerError, "no JSON"),
        (reply(200, b""), UnusableAnswerError, "an empty body"),
        (reply(200, [1]), UnusableAnswerError, "not a chat completion"),
    ],
)
def test_the_providers_own_words_reach_the_user(answer: bytes, kind: type[ProviderError], said: str) -> None:
    with pytest.raises(kind) as caught:
        sent(answer)
    assert type(caught.value) is kind and said in str(caught.value)
    assert "k" * 20 not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (reply(429, {"error": {"message": "m"}}, retry_after="86390"), 86390.0),
        (reply(429, {"error": {"message": "m"}}, retry_after_ms="1500"), 1.5),
        (reply(429, GEMINI_MINUTE), 34.0),
        (reply(429, {"error": {"message": "tokens per day (TPD): Limit 9. Please try again in 9m38.5s."}}), 578.5),
        (reply(429, {"error": {"message": "Please try again in 120ms."}}), 0.12),
        (reply(429, {"error": {"message": "Retry after 20 seconds"}}), 20.0),
        (reply(429, {"error": {"message": "try again in 7 hours"}}, retry_after="3"), 3.0),
        (reply(429, {"error": {"message": "Try again in 300 milliseconds, or later."}}), 0.3),
        (reply(429, {"error": {"message": "Try again in 1 hour and 20 minutes"}}), 4800.0),
        (reply(429, {"error": {"message": "try again in 2 hours, 3 minutes, 4 seconds."}}), 7384.0),
        (
            reply(429, {"error": {"message": "Rate limit of 50 per 86400s. Please wait 41234 seconds before it."}}),
            41234.0,
        ),
        (reply(429, {"error": {"message": "try again in 2 months"}}), None),
        (reply(429, {"error": {"message": "slow down"}}), None),
    ],
)
def test_how_long_to_wait_is_read_wherever_it_is_told(answer: bytes, seconds: float | None) -> None:
    with pytest.raises(RateLimitError) as caught:
        sent(answer)
    assert caught.value.retry_after == seconds


@pytest.mark.parametrize(
    ("address", "said"),
    [("http://127.0.0.1:1", "Connect call failed"), ("http://no-such-host.invalid", "Name or service not known")],
)
@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_why_a_server_cannot_be_reached_is_said(kind: str, address: str, said: str) -> None:
    client: Any = (OpenAIClient if kind == "openai" else AnthropicClient)("k" * 20, address, 5.0)
    with pytest.raises(UnreachableError) as caught:
        asyncio.run(client.send(BODY))
    assert said in str(caught.value) or "name resolution" in str(caught.value)


def test_no_proxy_stands_before_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert sent(reply(200, completion())).text == "So. The answer is 3."
    assert all(map(is_this_machine, ("http://localhost:8000/v1", "http://[::1]:8/v1", "http://127.9.0.1")))
    assert not any(
        map(is_this_machine, ("https://api.openai.com/v1", None, "http://10.0.0.1", "http://localhost.example"))
    )


def test_a_key_is_stripped_or_refused_without_being_shown() -> None:
    assert usable_key(" sk-secret-a\r\n", "K") == "sk-secret-a"
    for key in ("sk-secret a", "sk-secret\nb", "sk-secret-é"):
        with pytest.raises(UserError, match="environment variable K: the key cannot be sent: character") as caught:
            usable_key(key, "K")
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "variable"),
    [
        (OpenAITeacher(provider="openai", model="m"), "OPENAI_BASE_URL"),
        (AnthropicTeacher(provider="anthropic", model="m"), "ANTHROPIC_BASE_URL"),
        (AnthropicTeacher(provider="anthropic", model="m", base_url="http://h"), "ANTHROPIC_CUSTOM_HEADERS"),
    ],
)
def test_an_address_in_the_environment_is_refused(entry: Any, variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
    monkeypatch.setenv(variable, "http://elsewhere")
    for make in (make_client, make_batch_service):
        with pytest.raises(UserError, match=f"environment variable {variable}: it names"):
            make(entry)


def batch_of(*lines: Any) -> list[tuple[str, Response | ProviderError]]:
    """The items of an OpenAI batch whose output file has these lines."""
    content = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    batch = {"id": "b", "object": "batch", "status": "completed", "output_file_id": "f", "error_file_id": None}
    with nasty(reply(200, batch), reply(200, content)) as server:
        return list(OpenAIBatches("k" * 20, f"{server.address}/v1", 5.0).results("b"))


def test_every_item_of_a_batch_is_read_whatever_the_others_hold() -> None:
    def line(name: str, body: Any, status: int = 200) -> dict[str, Any]:
        return {"custom_id": name, "response": {"status_code": status, "body": body}, "error": None}

    raw = json.dumps(line("raw", completion(message={"content": "a\u2028b"})), ensure_ascii=False).encode()
    found = dict(
        batch_of(
            raw,
            json.dumps(line("surrogate", completion(message={"content": "\ud83d"}))).encode(),
            line("odd", ["no completion"]),
            line("long", {"error": {"message": "too long", "code": "context_length_exceeded"}}, 400),
            line("other", {"error": {"message": "bad image"}}, 400),
            line("quota", {"error": {"message": "no money", "code": "insufficient_quota"}}, 429),
            {"custom_id": "expired", "response": None, "error": {"code": "batch_expired", "message": "in 24h"}},
            line("fine", completion()),
            b"torn {",
        )
    )
    kinds = {name: type(outcome).__name__ for name, outcome in found.items()}
    assert kinds == {
        "raw": "Response",
        "surrogate": "Response",
        "odd": "UnusableAnswerError",
        "long": "RejectedRequestError",
        "other": "RejectedRequestError",
        "quota": "PermanentError",
        "expired": "TransientError",
        "fine": "Response",
    }
    assert "no money" in str(found["quota"]) and "in 24h" in str(found["expired"])


def test_the_providers_clock_finds_lost_batches() -> None:
    """Whatever our clock says: both times are the provider's."""
    with nasty(reply(200, {"data": []}, date="Wed, 21 Oct 2026 07:28:00 GMT")) as server:
        assert AnthropicBatches("k" * 20, server.address, 5.0).now() == 1_792_567_680.0


def test_classic_azure_is_asked_at_its_deployment_with_its_own_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k" * 20)
    with nasty(reply(200, completion())) as server:
        entry = OpenAITeacher(
            provider="openai",
            model="m",
            base_url=f"{server.address}/openai/deployments/d",
            query={"api-version": "2024-10-21"},
            key_header="api-key",
            headers={"x-team": "blue"},
        )
        client = make_client(entry)
        assert asyncio.run(client.send(BODY)).text == "So. The answer is 3."
        first, *lines = server.headers[0].lower().split("\r\n")
    assert first == "post /openai/deployments/d/chat/completions?api-version=2024-10-21 http/1.1"
    assert f"api-key: {'k' * 20}" in lines and "x-team: blue" in lines
    assert not any(line.startswith("authorization") for line in lines)


@pytest.mark.parametrize("piece", ["<", "<script "])
def test_a_page_without_end_is_read_in_no_time(piece: str) -> None:
    start = time.process_time()
    words_of(piece * 60_000)
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
@pytest.mark.parametrize("status", [408, 500, 503, 529])
def test_a_server_in_trouble_that_says_when_is_asked_then(kind: str, status: int) -> None:
    with pytest.raises(TransientError) as caught:
        sent(reply(status, {"error": {"message": "maintenance"}}, retry_after="150"), kind=kind)
    assert caught.value.retry_after == 150
