"""OpenAI's wire format through its SDK: OpenAI itself, Gemini's compatible endpoint, vLLM, any compatible server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx2
import openai

from gradus.teachers.clients.answers import received
from gradus.teachers.clients.chat import UNNAMED, count, fold, known, thoughts
from gradus.teachers.clients.connections import ADDRESS, Address, async_http
from gradus.teachers.clients.failures import provider_error
from gradus.teachers.clients.model_lists import has_model, list_models
from gradus.teachers.clients.redaction import Redaction
from gradus.teachers.errors import UnusableAnswerError
from gradus.teachers.protocols import ModelList
from gradus.teachers.requests.announced_limits import announced_limits
from gradus.teachers.requests.journal import Response


class OpenAIClient:
    """Sends chat completions; the SDK's own retries are off, so that the request queue sees every failure.

    Bodies are read as they came, not through the SDK's types: no answer is too odd to be seen.
    """

    version = f"openai {openai.__version__}"

    def __init__(self, key: str, base_url: str | None, timeout: float, address: Address = ADDRESS) -> None:
        self._redaction = Redaction(key, base_url=base_url)
        self._redaction.guard_log()
        # A server that needs no key is sent a word, because the SDK insists on one.
        self._client = openai.AsyncOpenAI(
            api_key=key or "none",
            base_url=base_url,
            max_retries=0,
            timeout=timeout,
            http_client=async_http(base_url, timeout, address),
            default_headers=address.headers_with(key),
            default_query=dict(address.query),
        )

    async def send(self, body: dict[str, Any]) -> Response:
        try:
            answer = await self._client.post("/chat/completions", cast_to=httpx2.Response, body=body)
            return replace(received(answer.content, self._redaction, self), announced=announced_limits(answer.headers))
        except Exception as error:
            failure = provider_error(error, self._redaction)
        # Raised out here, so that the SDK's own error, which may quote the key, is not in its chain.
        raise failure

    @staticmethod
    def read(raw: dict[str, Any]) -> Response:
        """A chat completion as a response; one without choices has no text and ends as ``empty``.

        Raises UnusableAnswerError for another body.
        """
        counts = OpenAIClient.counts(raw)
        choices = raw.get("choices")
        if not isinstance(choices, list) or not all(isinstance(choice, dict) for choice in choices):
            raise UnusableAnswerError("not a chat completion", raw, counts, is_json=True)
        choice = (choices or [{"finish_reason": "empty"}])[0]
        message = choice.get("message")
        message = message if isinstance(message, dict) else {}
        reason = "refusal" if message.get("refusal") else str(choice.get("finish_reason") or "stop")
        content = message.get("content")
        reasoning = next(
            (text for name in ("reasoning_content", "reasoning") if (text := fold(message.get(name)))),
            thoughts(content),
        )
        model = raw.get("model")
        name = model if isinstance(model, str) and model else UNNAMED
        return Response(fold(content), reason, name, counts, raw=raw, reasoning=reasoning)

    @staticmethod
    def counts(raw: dict[str, Any]) -> dict[str, int]:
        """What is billed: all that the total holds beside the prompt, also thinking that the completion does not count."""
        usage = raw.get("usage")
        read, written, total = (count(usage, f"{part}_tokens") for part in ("prompt", "completion", "total"))
        if total is not None and read is not None:
            written = max(written or 0, total - read)
        cached = count(usage, "prompt_tokens_details", "cached_tokens") or count(usage, "prompt_cache_hit_tokens")
        reasoning = count(usage, "completion_tokens_details", "reasoning_tokens")
        return known(input_tokens=read, output_tokens=written, cached_tokens=cached, reasoning_tokens=reasoning)

    async def models(self) -> ModelList | None:
        """The models that the server lists, for free; None where it has no such list. Raises ProviderError."""
        return await list_models(self._get, "/models", {}, self._redaction)

    async def has_model(self, model: str) -> bool:
        """Whether the server knows a model that it need not list. Raises ProviderError."""
        return await has_model(self._get, "/models", model, self._redaction)

    async def _get(self, path: str, query: dict[str, int]) -> httpx2.Response:
        return await self._client.get(path, cast_to=httpx2.Response, options={"params": query})

    async def close(self) -> None:
        await self._client.close()
