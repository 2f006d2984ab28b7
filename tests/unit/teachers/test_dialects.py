"""Dialects that docs/reference/teachers.md names: what goes over the wire, and what is read of each server's own answers."""

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from builders import problem
from nasty_provider import completion, nasty, reply
from running import PROJECT

from gradus.records import Supervision
from gradus.study.config.teachers import AnthropicTeacher, OpenAITeacher
from gradus.teachers.prompts.prompting import NO_EXEMPLAR, Prompts
from gradus.teachers.prompts.request_builder import RequestBuilder
from gradus.teachers.protocols import Task
from gradus.teachers.registry import make_client
from gradus.teachers.requests.pinned_model import objection

PAGE = (PROJECT / "docs" / "reference" / "teachers.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Dialect:
    """An entry, the path that its server has, the answer of such a server; what is sent (None: not at all), what is read."""

    path: str
    entry: dict[str, Any]
    answer: dict[str, Any]
    sent: dict[str, Any] = field(default_factory=dict)
    reasoning: str = ""
    usage: dict[str, int] = field(default_factory=dict)
    provider: str = "openai"


SPENT = {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150}
DIALECTS = {
    "OpenAI, effort": Dialect(
        "/v1",
        {"model": "gpt-5", "length_field": "max_completion_tokens", "extra": {"reasoning_effort": "high"}},
        completion(model="gpt-5-2025-08-07", usage={**SPENT, "completion_tokens_details": {"reasoning_tokens": 40}}),
        {"reasoning_effort": "high", "max_completion_tokens": 16000, "max_tokens": None},
        usage={"reasoning_tokens": 40},
    ),
    "Claude with thinking": Dialect(
        "",
        {"model": "claude-sonnet-4-5", "extra": {"thinking": {"type": "enabled", "budget_tokens": 8000}}},
        {
            "type": "message",
            "role": "assistant",
            "model": "claude-sonnet-4-5-20250929",
            "content": [
                {"type": "thinking", "thinking": "Hm.", "signature": "s"},
                {"type": "text", "text": "So. The answer is 3."},
            ],
            "stop_reason": "end_turn",
            "usage": {"input_tokens": 100, "output_tokens": 50},
        },
        {
            "thinking": {"type": "enabled", "budget_tokens": 8000},
            "max_tokens": 16000,
            "messages": [{"role": "user"}],
            "temperature": None,
        },
        "Hm.",
        provider="anthropic",
    ),
    "Azure, v1": Dialect(
        "/openai/v1",
        {"model": "mine", "also_accept": ["gpt-5-2025-08-07"], "length_field": "max_completion_tokens"},
        completion(model="gpt-5-2025-08-07", prompt_filter_results=[{"content_filter_results": {}}]),
        {"max_completion_tokens": 1024, "max_tokens": None},
    ),
    "Azure, classic": Dialect(
        "/openai/deployments/mine",
        {"model": "gpt-4o", "query": {"api-version": "2024-10-21"}, "key_header": "api-key"},
        completion(model="gpt-4o-2024-08-06"),
        {"max_tokens": 1024},
    ),
    "OpenRouter": Dialect(
        "/api/v1",
        {"model": "deepseek/deepseek-r1", "extra": {"provider": {"order": ["a"], "allow_fallbacks": False}}},
        completion(model="deepseek/deepseek-r1", provider="a", message={"reasoning": "Hm.", "refusal": None}),
        {"provider": {"order": ["a"], "allow_fallbacks": False}},
        "Hm.",
    ),
    "DeepSeek": Dialect(
        "",
        {"model": "deepseek-reasoner", "max_output_tokens": 16000},
        completion(
            model="deepseek-reasoner",
            message={"reasoning_content": "Hm."},
            usage={**SPENT, "prompt_cache_hit_tokens": 64, "completion_tokens_details": {"reasoning_tokens": 40}},
        ),
        {"max_tokens": 16000},
        "Hm.",
        {"cached_tokens": 64, "reasoning_tokens": 40},
    ),
    "Mistral": Dialect(
        "/v1",
        {"model": "magistral-medium-2507"},
        completion(
            model="magistral-medium-2507",
            message={
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
                    {"type": "text", "text": "So. The answer is 3."},
                ]
            },
        ),
        {},
        "Hm.",
    ),
    "Gemini": Dialect(
        "/v1beta/openai/",
        {"model": "gemini-2.5-flash", "extra": {"reasoning_effort": "low"}},
        completion(model="gemini-2.5-flash", usage={**SPENT, "total_tokens": 5150}),
        {"reasoning_effort": "low"},
        usage={"output_tokens": 5050},
    ),
    "vLLM, SGLang": Dialect(
        "/v1",
        {"model": "Qwen/Qwen3-8B", "extra": {"chat_template_kwargs": {"enable_thinking": True}}},
        completion(model="Qwen/Qwen3-8B", message={"reasoning_content": "Hm.", "tool_calls": []}),
        {"chat_template_kwargs": {"enable_thinking": True}},
        "Hm.",
    ),
    "no system role": Dialect("/v1", {"model": "m", "system": "user"}, completion(), {"messages": [{"role": "user"}]}),
}


def test_the_page_has_every_dialect() -> None:
    rows = re.findall(r"^\| ([^|]+?) \|", PAGE.partition("## Other dialects")[2].partition("\n## ")[0], re.MULTILINE)
    assert sorted(DIALECTS) == sorted(set(rows) - {"server"}), rows


@pytest.mark.parametrize("name", DIALECTS)
def test_a_server_of_a_dialect_is_asked_and_read_in_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k" * 20)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k" * 20)
    dialect = DIALECTS[name]
    with nasty(reply(200, dialect.answer)) as server:
        entry = {"provider": dialect.provider, "base_url": f"{server.address}{dialect.path}", **dialect.entry}
        teacher = (AnthropicTeacher if dialect.provider == "anthropic" else OpenAITeacher).model_validate(entry)
        task = Task(problem(), Supervision("d", "t", "original", "native"), None, 0)
        builder = RequestBuilder(teacher, Prompts(PROJECT / "prompts"), "shown")
        body = builder.annotation(task, 0, NO_EXEMPLAR, NO_EXEMPLAR).body
        response = asyncio.run(make_client(teacher).send(body))
        first, *lines = server.headers[0].lower().split("\r\n")
    path = dialect.path.rstrip("/") + ("/v1/messages" if dialect.provider == "anthropic" else "/chat/completions")
    query = "&".join(f"{key}={value}" for key, value in teacher.query.items())
    assert first == f"post {path}{'?' + query if query else ''} http/1.1"
    assert f"{teacher.key_header or 'authorization'}: {'' if teacher.key_header else 'bearer '}{'k' * 20}" in lines
    (sent,) = server.asked
    for key, value in dialect.sent.items():
        found = [{"role": one["role"]} for one in sent[key]] if key == "messages" else sent.get(key)
        assert found == value, key
    assert (response.text, response.reasoning) == ("So. The answer is 3.", dialect.reasoning)
    assert response.usage == {"input_tokens": 100, "output_tokens": 50, **dialect.usage}
    assert objection(teacher, [response.model]) is None
