"""Which models think before they answer: those get room for it, and a budget reckons with it."""

from typing import Any

import pytest

from gradus.study.config.teachers import AnthropicTeacher
from gradus.study.config.thinking import ROOM_TO_THINK, thinks

THINKERS = [
    "o1",
    "o3-mini",
    "openai/o4-mini",
    "azure-o3",
    "ft:o4-mini-2025-04-16:org::abc",
    "ft:gpt-5-mini:org::a",
    "gpt-5.1",
    "gpt-oss:20b",
    "openai.gpt-oss-120b-1:0",
    "deepseek-reasoner",
    "deepseek-r1:7b",
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B",
    "tngtech/DeepSeek-R1T2-Chimera",
    "us.deepseek.r1-v1:0",
    "qwen3",
    "qwen3:8b",
    "qwen3:latest",
    "Qwen/Qwen3-0.6B",
    "Qwen/Qwen3-235B-A22B",
    "Qwen3-8B-AWQ",
    "Qwen/Qwen3-4B-Thinking-2507",
    "qwen3:30b-a3b",
    "QwQ-32B",
    "QVQ-72B-Preview",
    "open-thoughts/OpenThinker-7B",
    "OpenThinker2-32B",
    "magistral-small-2506",
    "phi-4-reasoning",
    "kimi-k2-thinking",
    "models/gemini-2.5-pro",
    "google/gemini-2.5-flash",
    "gemini-2.5-flash-preview-05-20",
    "gemini-3-pro-preview",
    "gemini-3.1-pro",
    "grok-3-mini",
    "grok-4",
    "grok-4-0709",
    "grok-4-fast-reasoning",
    "zai-org/GLM-4.6",
    "glm-4.5-air",
    "GLM-Z1-9B-0414",
    "MiniMaxAI/MiniMax-M2",
    "HuggingFaceTB/SmolLM3-3B",
    "claude-3-7-sonnet:thinking",
]
OTHERS = [
    "gpt-4o-2024-08-06",
    "chatgpt-4o-latest",
    "gpt-5-chat-latest",
    "gpt-5.1-chat-latest",
    "claude-3-5-sonnet-20241022",
    "claude-opus-4-1",
    "deepseek-chat",
    "deepseek-v3",
    "llama-3-70b",
    "Qwen2.5-7B-Instruct",
    "Qwen/Qwen3-4B-Instruct-2507",
    "Qwen3-Coder-30B-A3B-Instruct",
    "qwen3-coder:30b",
    "qwen3-max",
    "Qwen/Qwen3-30B-A3B-Instruct-2507-FP8",
    "qwen3:4b-instruct",
    "Qwen/Qwen3-8B-Base",
    "Qwen/Qwen3-VL-8B-Instruct",
    "Qwen3-Embedding-8B",
    "gemini-1.5-flash",
    "gemini-2.0-flash",
    "gemini-2.5-flash-lite",
    "grok-3",
    "grok-4-fast-non-reasoning",
    "my-no-think-model",
    "qwen3-8b-no-thinking",
    "mistral-large-latest",
    "command-r-plus",
    "gemma-3-27b-it",
    "phi-4",
    "glm-4-9b",
    "SmolLM2-135M",
]


@pytest.mark.parametrize("model", THINKERS)
def test_a_model_that_thinks_is_known_by_its_name(model: str) -> None:
    assert thinks(model, "answer", {})


@pytest.mark.parametrize("model", OTHERS)
def test_other_models_do_not_think(model: str) -> None:
    assert not thinks(model, "answer", {})


ON: list[dict[str, Any]] = [
    {"reasoning_effort": "minimal"},
    {"thinking": {"type": "enabled", "budget_tokens": 4000}},
    {"thinking": {"type": "adaptive"}},
    {"reasoning": {"effort": "high"}},
    {"think": "high"},
    {"google": {"thinking_config": {"thinking_budget": 1024}}},
    {"extra_body": {"google": {"thinkingConfig": {"thinkingBudget": -1}}}},
    {"chat_template_kwargs": {"enable_thinking": True}},
]
OFF: list[dict[str, Any]] = [
    {"reasoning_effort": "none"},
    {"thinking": {"type": "disabled"}},
    {"reasoning": {"effort": "none"}},
    {"reasoning": {"max_tokens": 0}},
    {"reasoning": {"enabled": False}},
    {"think": False},
    {"google": {"thinking_config": {"thinking_budget": 0}}},
    {"extra_body": {"google": {"thinkingConfig": {"thinkingBudget": 0}}}},
    {"chat_template_kwargs": {"enable_thinking": False}},
]


@pytest.mark.parametrize("extra", ON)
def test_an_entry_can_switch_thinking_on(extra: dict[str, Any]) -> None:
    assert thinks("gpt-4o", "answer", extra)


@pytest.mark.parametrize("extra", OFF)
def test_an_entry_can_switch_thinking_off(extra: dict[str, Any]) -> None:
    assert not thinks("gemini-2.5-flash", "answer", extra)


def longest(extra: dict[str, Any], **keys: Any) -> int:
    return AnthropicTeacher(provider="anthropic", model="claude-opus-4-1", extra=extra, **keys).max_output_tokens


def test_the_longest_output_is_above_the_thoughts_that_an_entry_allows() -> None:
    """Anthropic refuses a `max_tokens` that is not above `budget_tokens`."""
    assert longest({"thinking": {"type": "enabled", "budget_tokens": 4000}}) == ROOM_TO_THINK
    assert longest({"thinking": {"type": "enabled", "budget_tokens": 20_000}}) == 24_000
    assert longest({"thinking_budget": 32_000}) == 36_000
    assert longest({"thinking": {"type": "enabled", "budget_tokens": 20_000}}, max_output_tokens=30_000) == 30_000
    assert longest({"enable_thinking": True}) == ROOM_TO_THINK
    assert longest({}) == 1024
