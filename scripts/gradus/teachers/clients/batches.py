"""The provider's side of batches: submit, find again, look, fetch. One small class per provider behind one interface."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Literal

from gradus.runtime.errors import UserError
from gradus.teachers.clients.chat import own_message
from gradus.teachers.requests.journal import Response

_TAG = "gradus_tag"


class OpenAIBatches:
    """OpenAI: a file of lines, a batch over it, found again by its metadata."""

    most_items = 50_000
    most_bytes = 190_000_000
    keeps_tags = True

    def __init__(self, key: str, base_url: str | None, timeout: float) -> None:
        import openai

        from gradus.teachers.clients.openai_client import OpenAIChat

        self._client = openai.OpenAI(api_key=key, base_url=base_url, timeout=timeout)
        self._error = openai.OpenAIError
        self._read = OpenAIChat.read

    def submit(self, items: Sequence[tuple[str, dict[str, Any]]], tag: str) -> str:
        address: Literal["/v1/chat/completions"] = "/v1/chat/completions"
        lines = [{"custom_id": key, "method": "POST", "url": address, "body": body} for key, body in items]
        content = "".join(json.dumps(line) + "\n" for line in lines).encode("utf-8")
        try:
            stored = self._client.files.create(file=(f"{tag}.jsonl", io.BytesIO(content)), purpose="batch")
            # A retry by the SDK after a broken connection could submit, and pay, twice: ours looks first.
            batch = self._client.with_options(max_retries=0).batches.create(
                input_file_id=stored.id, endpoint=address, completion_window="24h", metadata={_TAG: tag}
            )
        except self._error as error:
            raise _told(error) from None
        return batch.id

    def find(self, tag: str, since: float, count: int) -> list[str]:
        try:
            return [one.id for one in self._client.batches.list(limit=100) if (one.metadata or {}).get(_TAG) == tag]
        except self._error as error:
            raise _told(error) from None

    def has_ended(self, identifier: str) -> bool:
        try:
            return self._client.batches.retrieve(identifier).status in ("completed", "failed", "expired", "cancelled")
        except self._error as error:
            raise _told(error) from None

    def results(self, identifier: str) -> Iterator[tuple[str, Response | None]]:
        try:
            batch = self._client.batches.retrieve(identifier)
            files = [name for name in (batch.output_file_id, batch.error_file_id) if name]
            texts = [self._client.files.content(name).text for name in files]
        except self._error as error:
            raise _told(error) from None
        for line in (json.loads(line) for text in texts for line in text.splitlines() if line.strip()):
            answer = line.get("response") or {}
            yield line["custom_id"], self._read(answer["body"]) if answer.get("status_code") == 200 else None


class AnthropicBatches:
    """Anthropic: requests go with the batch; it carries no tag, so that candidates are told apart by their items."""

    most_items = 100_000
    most_bytes = 240_000_000
    keeps_tags = False

    def __init__(self, key: str, base_url: str | None, timeout: float) -> None:
        import anthropic

        from gradus.teachers.clients.anthropic_client import AnthropicChat

        self._client = anthropic.Anthropic(api_key=key, base_url=base_url, timeout=timeout)
        self._error = anthropic.AnthropicError
        self._read = AnthropicChat.read

    def submit(self, items: Sequence[tuple[str, dict[str, Any]]], tag: str) -> str:
        requests: Any = [{"custom_id": key, "params": body} for key, body in items]
        try:
            return self._client.with_options(max_retries=0).messages.batches.create(requests=requests).id
        except self._error as error:
            raise _told(error) from None

    def find(self, tag: str, since: float, count: int) -> list[str]:
        """Clocks differ: a batch up to ten minutes older may still be ours."""
        try:
            return [
                one.id
                for one in self._client.messages.batches.list(limit=100)
                if _moment(one.created_at) >= since - 600
            ]
        except self._error as error:
            raise _told(error) from None

    def has_ended(self, identifier: str) -> bool:
        try:
            return self._client.messages.batches.retrieve(identifier).processing_status == "ended"
        except self._error as error:
            raise _told(error) from None

    def results(self, identifier: str) -> Iterator[tuple[str, Response | None]]:
        try:
            for line in self._client.messages.batches.results(identifier):
                raw = line.model_dump(exclude_none=True)
                result = raw["result"]
                yield raw["custom_id"], self._read(result["message"]) if result["type"] == "succeeded" else None
        except self._error as error:
            raise _told(error) from None


def _moment(when: Any) -> float:
    return when.timestamp() if isinstance(when, datetime) else float("inf")


def _told(error: Exception) -> UserError:
    return UserError(
        f"the provider's batch service answers: {own_message(error)}",
        hint="run the same command again; what was submitted is found again",
    )
