"""Anthropic's messages through its SDK."""

from __future__ import annotations

from typing import Any

import anthropic
from anthropic._constants import ANTHROPIC_API_VERSION

from gradus.teachers.clients.chat import fold, own_message, retry_after
from gradus.teachers.errors import Lasting, Passing, Throttled
from gradus.teachers.requests.journal import Response

_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
}


class AnthropicChat:
    """Sends messages; the SDK's own retries are off, ours see every failure."""

    version = f"anthropic {anthropic.__version__}, interface {ANTHROPIC_API_VERSION}"

    def __init__(self, key: str, base_url: str | None, timeout: float) -> None:
        self._client = anthropic.AsyncAnthropic(api_key=key, base_url=base_url, max_retries=0, timeout=timeout)

    async def send(self, body: dict[str, Any]) -> Response:
        try:
            answer = await self._client.messages.create(**body)
            return self.read(answer.model_dump(exclude_none=True))
        except anthropic.RateLimitError as error:
            raise Throttled(own_message(error), retry_after(error.response.headers)) from None
        except anthropic.APIStatusError as error:
            # 529 is "overloaded": the servers' trouble, which our pace did not cause.
            if error.status_code in (408, 409) or error.status_code >= 500:
                raise Passing(own_message(error)) from None
            raise Lasting(own_message(error)) from None
        except (
            anthropic.APIConnectionError,
            anthropic.APIResponseValidationError,
            ValueError,
            AttributeError,
        ) as error:
            raise Passing(own_message(error)) from None

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
