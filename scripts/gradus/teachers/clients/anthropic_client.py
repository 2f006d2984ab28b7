"""Anthropic's messages through its SDK."""

from __future__ import annotations

from typing import Any

import anthropic
from anthropic._constants import ANTHROPIC_API_VERSION

from gradus.teachers.clients.chat import fold, retry_after
from gradus.teachers.clients.redaction import Redaction
from gradus.teachers.errors import PermanentError, RateLimitError, TransientError
from gradus.teachers.requests.journal import Response

_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
}


class AnthropicClient:
    """Sends messages; the SDK's own retries are off, so that the request queue sees every failure."""

    version = f"anthropic {anthropic.__version__}, interface {ANTHROPIC_API_VERSION}"

    def __init__(self, key: str, base_url: str | None, timeout: float) -> None:
        self._client = anthropic.AsyncAnthropic(api_key=key, base_url=base_url, max_retries=0, timeout=timeout)
        # The SDK also takes a token of its own from the environment.
        self._redaction = Redaction(key, self._client.auth_token, base_url=base_url)
        self._redaction.guard_log()

    async def send(self, body: dict[str, Any]) -> Response:
        try:
            answer = await self._client.messages.create(**body)
            return self.read(self._redaction.answer(answer.model_dump(exclude_none=True)))
        except Exception as error:
            failure = self._failure(error)
        # Raised out here, so that the SDK's own error, which may quote the key, is not in its chain.
        raise failure

    def _failure(self, error: Exception) -> Exception:
        message = self._redaction.message(error)
        if isinstance(error, anthropic.RateLimitError):
            return RateLimitError(message, retry_after(error.response.headers))
        # 529 is "overloaded": the servers' trouble, which our pace did not cause.
        if (
            isinstance(error, anthropic.APIStatusError)
            and error.status_code not in (408, 409)
            and error.status_code < 500
        ):
            return PermanentError(message)
        if isinstance(error, anthropic.APIError | ValueError | AttributeError):
            return TransientError(message)
        return self._redaction.unexpected(error)

    @staticmethod
    def read(raw: dict[str, Any]) -> Response:
        """A message as a response; one without text ends as ``empty``, or as ``refusal`` where it says so."""
        if not isinstance(raw.get("model"), str) or not isinstance(raw.get("content"), list):
            raise ValueError("not a message")
        text = "".join(fold(block.get("text")) for block in raw["content"] if block.get("type") == "text")
        stop = str(raw.get("stop_reason") or "end_turn")
        reason = _REASONS.get(stop, stop)
        usage = raw.get("usage") or {}
        read = sum(
            usage.get(name) or 0 for name in ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
        )
        counts = {"input_tokens": read, "output_tokens": usage.get("output_tokens", 0)}
        return Response(text, "empty" if not text and reason == "stop" else reason, raw["model"], counts, raw=raw)

    async def close(self) -> None:
        await self._client.close()
