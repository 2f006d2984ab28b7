"""Anthropic's messages through its SDK."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import anthropic
import httpx2
from anthropic._constants import ANTHROPIC_API_VERSION

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

_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
}
_READ = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


class AnthropicClient:
    """Sends messages; the SDK's own retries are off, so that the request queue sees every failure."""

    version = f"anthropic {anthropic.__version__}, interface {ANTHROPIC_API_VERSION}"

    def __init__(self, key: str, base_url: str | None, timeout: float, address: Address = ADDRESS) -> None:
        self._client = anthropic.AsyncAnthropic(
            api_key=key,
            base_url=base_url,
            max_retries=0,
            timeout=timeout,
            http_client=async_http(base_url, timeout, address),
            default_headers=address.headers_with(key),
            default_query=dict(address.query),
        )
        # The SDK also takes a token of its own from the environment.
        self._redaction = Redaction(key, self._client.auth_token, base_url=base_url)
        self._redaction.guard_log()

    async def send(self, body: dict[str, Any]) -> Response:
        try:
            answer = await self._client.post("/v1/messages", cast_to=httpx2.Response, body=body)
            return replace(received(answer.content, self._redaction, self), announced=announced_limits(answer.headers))
        except Exception as error:
            failure = provider_error(error, self._redaction)
        # Raised out here, so that the SDK's own error, which may quote the key, is not in its chain.
        raise failure

    @staticmethod
    def read(raw: dict[str, Any]) -> Response:
        """A message as a response; one without text ends as ``empty``, or as ``refusal`` where it says so.

        Raises UnusableAnswerError for another body.
        """
        counts = AnthropicClient.counts(raw)
        if not isinstance(raw.get("content"), list):
            raise UnusableAnswerError("not a message", raw, counts, is_json=True)
        text, model = fold(raw["content"]), raw.get("model")
        stop = str(raw.get("stop_reason") or "end_turn")
        reason = _REASONS.get(stop, stop)
        ending = "empty" if not text and reason == "stop" else reason
        name = model if isinstance(model, str) and model else UNNAMED
        return Response(text, ending, name, counts, raw=raw, reasoning=thoughts(raw["content"]))

    @staticmethod
    def counts(raw: dict[str, Any]) -> dict[str, int]:
        """What is billed: input is told in three parts."""
        usage = raw.get("usage")
        read = [tokens for name in _READ if (tokens := count(usage, name)) is not None]
        return known(
            input_tokens=sum(read) if read else None,
            output_tokens=count(usage, "output_tokens"),
            cached_tokens=count(usage, "cache_read_input_tokens"),
        )

    async def models(self) -> ModelList | None:
        """The models that the server lists, for free; None where it has no such list. Raises ProviderError."""
        return await list_models(self._get, "/v1/models", {"limit": 1000}, self._redaction)

    async def has_model(self, model: str) -> bool:
        """Whether the server knows a model that it need not list. Raises ProviderError."""
        return await has_model(self._get, "/v1/models", model, self._redaction)

    async def _get(self, path: str, query: dict[str, int]) -> httpx2.Response:
        return await self._client.get(path, cast_to=httpx2.Response, options={"params": query})

    async def close(self) -> None:
        await self._client.close()
