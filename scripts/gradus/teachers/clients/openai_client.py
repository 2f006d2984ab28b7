"""OpenAI's wire format through its SDK: OpenAI itself, Gemini's compatible endpoint, vLLM, any compatible server."""

from __future__ import annotations

from typing import Any

import openai

from gradus.teachers.clients.chat import fold, retry_after
from gradus.teachers.clients.redaction import Redaction
from gradus.teachers.errors import ContentFiltered, PermanentError, RateLimitError, TransientError
from gradus.teachers.requests.journal import Response

_FILTERED = ("content_filter", "content_policy_violation", "invalid_prompt")
_EXHAUSTED = ("insufficient_quota", "billing_hard_limit_reached")


class OpenAIClient:
    """Sends chat completions; the SDK's own retries are off, so that the request queue sees every failure."""

    version = f"openai {openai.__version__}"

    def __init__(self, key: str, base_url: str | None, timeout: float) -> None:
        self._redaction = Redaction(key, base_url=base_url)
        self._redaction.guard_log()
        # A server that needs no key is sent a word, because the SDK insists on one.
        self._client = openai.AsyncOpenAI(api_key=key or "none", base_url=base_url, max_retries=0, timeout=timeout)

    async def send(self, body: dict[str, Any]) -> Response:
        try:
            answer = await self._client.chat.completions.create(**body)
            return self.read(self._redaction.answer(answer.model_dump(exclude_none=True)))
        except Exception as error:
            failure = self._failure(error)
        # Raised out here, so that the SDK's own error, which may quote the key, is not in its chain.
        raise failure

    def _failure(self, error: Exception) -> Exception:
        message = self._redaction.message(error)
        if isinstance(error, openai.RateLimitError):
            if str(error.code) in _EXHAUSTED:
                return PermanentError(message)
            return RateLimitError(message, retry_after(error.response.headers))
        if isinstance(error, openai.APIStatusError) and error.status_code not in (408, 409) and error.status_code < 500:
            return (ContentFiltered if str(error.code) in _FILTERED else PermanentError)(message)
        if isinstance(error, openai.APIError | ValueError | AttributeError):
            return TransientError(message)
        return self._redaction.unexpected(error)

    @staticmethod
    def read(raw: dict[str, Any]) -> Response:
        """A chat completion as a response; one without choices has no text and ends as ``empty``."""
        if not isinstance(raw.get("model"), str) or not isinstance(raw.get("choices", []), list):
            raise ValueError("not a chat completion")
        choice = (raw.get("choices") or [{"finish_reason": "empty"}])[0]
        message = choice.get("message") or {}
        reason = "refusal" if message.get("refusal") else str(choice.get("finish_reason") or "stop")
        usage = raw.get("usage") or {}
        counts = {"input_tokens": usage.get("prompt_tokens", 0), "output_tokens": usage.get("completion_tokens", 0)}
        return Response(fold(message.get("content")), reason, raw["model"], counts, raw=raw)

    async def close(self) -> None:
        await self._client.close()
