"""OpenAI's wire format through its SDK: OpenAI itself, Gemini's compatible endpoint, vLLM, any compatible server."""

from __future__ import annotations

from typing import Any

import openai

from gradus.teachers.clients.chat import fold, own_message, retry_after
from gradus.teachers.errors import Declined, Lasting, Passing, Throttled
from gradus.teachers.requests.journal import Response

_DECLINED = ("content_filter", "content_policy_violation", "invalid_prompt")
_EXHAUSTED = ("insufficient_quota", "billing_hard_limit_reached")


class OpenAIChat:
    """Sends chat completions; the SDK's own retries are off, ours see every failure."""

    version = f"openai {openai.__version__}"

    def __init__(self, key: str, base_url: str | None, timeout: float) -> None:
        self._client = openai.AsyncOpenAI(api_key=key, base_url=base_url, max_retries=0, timeout=timeout)

    async def send(self, body: dict[str, Any]) -> Response:
        try:
            answer = await self._client.chat.completions.create(**body)
            return self.read(answer.model_dump(exclude_none=True))
        except openai.RateLimitError as error:
            if str(error.code) in _EXHAUSTED:
                raise Lasting(own_message(error)) from None
            raise Throttled(own_message(error), retry_after(error.response.headers)) from None
        except openai.APIStatusError as error:
            if error.status_code in (408, 409) or error.status_code >= 500:
                raise Passing(own_message(error)) from None
            raise (Declined if str(error.code) in _DECLINED else Lasting)(own_message(error)) from None
        except (openai.APIConnectionError, openai.APIResponseValidationError, ValueError, AttributeError) as error:
            raise Passing(own_message(error)) from None

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
