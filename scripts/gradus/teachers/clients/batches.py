"""The provider's side of batches: submit, find again, look, fetch. One small class per provider behind one protocol."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Literal

from gradus.runtime.errors import UserError
from gradus.teachers.clients.redaction import Redaction
from gradus.teachers.requests.journal import Response

_TAG = "gradus_tag"


class OpenAIBatches:
    """OpenAI: a file of lines, a batch over it, found again by its metadata."""

    most_items = 50_000
    most_bytes = 190_000_000
    keeps_tags = True

    def __init__(self, key: str, base_url: str | None, timeout: float) -> None:
        import openai

        from gradus.teachers.clients.openai_client import OpenAIClient

        self._client = openai.OpenAI(api_key=key or "none", base_url=base_url, timeout=timeout)
        self._redaction = Redaction(key, base_url=base_url)
        self._redaction.guard_log()
        self._errors = _Errors(openai.OpenAIError, self._redaction)
        self._read = OpenAIClient.read

    def submit(self, items: Sequence[tuple[str, dict[str, Any]]], tag: str) -> str:
        address: Literal["/v1/chat/completions"] = "/v1/chat/completions"
        lines = [{"custom_id": key, "method": "POST", "url": address, "body": body} for key, body in items]
        content = "".join(json.dumps(line) + "\n" for line in lines).encode("utf-8")
        with self._errors:
            stored = self._client.files.create(file=(f"{tag}.jsonl", io.BytesIO(content)), purpose="batch")
            # A retry by the SDK after a broken connection could submit, and pay, twice: ours looks first.
            batch = self._client.with_options(max_retries=0).batches.create(
                input_file_id=stored.id, endpoint=address, completion_window="24h", metadata={_TAG: tag}
            )
        return batch.id

    def find(self, tag: str, since: float, count: int) -> list[str]:
        with self._errors:
            return [
                batch.id for batch in self._client.batches.list(limit=100) if (batch.metadata or {}).get(_TAG) == tag
            ]

    def has_ended(self, identifier: str) -> bool:
        with self._errors:
            return self._client.batches.retrieve(identifier).status in ("completed", "failed", "expired", "cancelled")

    def results(self, identifier: str) -> Iterator[tuple[str, Response | None]]:
        with self._errors:
            batch = self._client.batches.retrieve(identifier)
            files = [name for name in (batch.output_file_id, batch.error_file_id) if name]
            texts = [self._client.files.content(name).text for name in files]
            for line in (json.loads(line) for text in texts for line in text.splitlines() if line.strip()):
                answer = self._redaction.answer(line.get("response")) or {}
                yield line["custom_id"], self._read(answer["body"]) if answer.get("status_code") == 200 else None


class AnthropicBatches:
    """Anthropic: requests go with the batch; it carries no tag, so that candidates are told apart by their items."""

    most_items = 100_000
    most_bytes = 240_000_000
    keeps_tags = False

    def __init__(self, key: str, base_url: str | None, timeout: float) -> None:
        import anthropic

        from gradus.teachers.clients.anthropic_client import AnthropicClient

        self._client = anthropic.Anthropic(api_key=key, base_url=base_url, timeout=timeout)
        self._redaction = Redaction(key, self._client.auth_token, base_url=base_url)
        self._redaction.guard_log()
        self._errors = _Errors(anthropic.AnthropicError, self._redaction)
        self._read = AnthropicClient.read

    def submit(self, items: Sequence[tuple[str, dict[str, Any]]], tag: str) -> str:
        requests: Any = [{"custom_id": key, "params": body} for key, body in items]
        with self._errors:
            return self._client.with_options(max_retries=0).messages.batches.create(requests=requests).id

    def find(self, tag: str, since: float, count: int) -> list[str]:
        """Clocks differ: a batch up to ten minutes older may still be ours."""
        with self._errors:
            return [
                batch.id
                for batch in self._client.messages.batches.list(limit=100)
                if _moment(batch.created_at) >= since - 600
            ]

    def has_ended(self, identifier: str) -> bool:
        with self._errors:
            return self._client.messages.batches.retrieve(identifier).processing_status == "ended"

    def results(self, identifier: str) -> Iterator[tuple[str, Response | None]]:
        with self._errors:
            for line in self._client.messages.batches.results(identifier):
                raw = line.model_dump(exclude_none=True)
                result = self._redaction.answer(raw["result"])
                yield raw["custom_id"], self._read(result["message"]) if result["type"] == "succeeded" else None


def _moment(when: Any) -> float:
    return when.timestamp() if isinstance(when, datetime) else float("inf")


class _Errors:
    """A block in which the SDK's errors become one message, and no error shows a key."""

    def __init__(self, kind: type[Exception], redaction: Redaction) -> None:
        self._kind = kind
        self._redaction = redaction

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, self._kind):
            raise UserError(
                f"the provider's batch service answers: {self._redaction.message(error)}",
                hint="run the same command again; what was submitted is found again",
            ) from None
        if isinstance(error, Exception):
            raise self._redaction.unexpected(error) from None
