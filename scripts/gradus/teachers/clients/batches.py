"""The provider's side of batches: submit, find again, look, fetch. One small class per provider behind one protocol."""

from __future__ import annotations

import io
import itertools
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Literal

import httpx2

from gradus.runtime.errors import UserError
from gradus.teachers.clients.answers import Reader, read_answer
from gradus.teachers.clients.chat import parse
from gradus.teachers.clients.connections import ADDRESS, Address, http
from gradus.teachers.clients.failures import classified, code_of, provider_error, words_of
from gradus.teachers.clients.redaction import Redaction
from gradus.teachers.errors import (
    BadRequestError,
    BatchRefusedError,
    BatchServiceRefusedError,
    BatchServiceTroubleError,
    PermanentError,
    ProviderError,
    RateLimitError,
    RejectedRequestError,
    TransientError,
    UnreachableError,
    UnusableAnswerError,
)
from gradus.teachers.requests.journal import Response

Outcome = Response | ProviderError

_TAG = "gradus_tag"
# openai-python issue 2084: "Enqueued token limit reached ... try again once some in_progress batches have been completed".
_QUEUE_FULL = {"token_limit_exceeded"}
# The name of an item in a line that is no JSON; within a text of the line the quotes are escaped.
_NAMED = re.compile(r'"custom_id"\s*:\s*"([^"\\]+)"')


class OpenAIBatches:
    """OpenAI: a file of lines, a batch over it, found again by its metadata."""

    most_items = 50_000
    most_bytes = 190_000_000
    keeps_tags = True

    def __init__(self, key: str, base_url: str | None, timeout: float, address: Address = ADDRESS) -> None:
        import openai

        from gradus.teachers.clients.openai_client import OpenAIClient

        self._client = openai.OpenAI(
            api_key=key or "none",
            base_url=base_url,
            timeout=timeout,
            http_client=http(base_url, timeout, address),
            default_headers=address.headers_with(key),
            default_query=dict(address.query),
        )
        self._redaction = Redaction(key, base_url=base_url)
        self._redaction.guard_log()
        self._errors = _Errors(openai.OpenAIError, self._redaction)
        self._reader: Reader = OpenAIClient

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
            status = _said_by(self._client.batches.retrieve(identifier), "status")
        return status in ("completed", "failed", "expired", "cancelled")

    def now(self) -> float:
        return time.time()

    def results(self, identifier: str) -> Iterator[tuple[str, Outcome]]:
        with self._errors:
            batch = self._client.batches.retrieve(identifier)
            _said_by(batch, "status")
        refusal = _refusal(batch.to_dict(), self._redaction) if batch.status == "failed" else None
        if refusal is not None:
            raise refusal
        with self._errors:
            # All of it before the first item: what breaks off here is fetched again, and no item is counted twice.
            names = [name for name in (batch.output_file_id, batch.error_file_id) if name]
            contents = [self._client.files.content(name).content for name in names]
            yield from _items(contents, self._item, self._redaction)

    def _item(self, line: dict[str, Any]) -> Outcome:
        answer = line.get("response") if isinstance(line.get("response"), dict) else {}
        assert isinstance(answer, dict)
        status, body = answer.get("status_code"), answer.get("body")
        if status == 200:
            return read_answer(body, self._redaction, self._reader)
        error = body if body else {"error": line.get("error") or {"message": "no answer"}}
        return _failure(int(status or 500), error, self._redaction)


class AnthropicBatches:
    """Anthropic: requests go with the batch; it carries no tag, so that candidates are told apart by their items."""

    most_items = 100_000
    most_bytes = 240_000_000
    keeps_tags = False

    def __init__(self, key: str, base_url: str | None, timeout: float, address: Address = ADDRESS) -> None:
        import anthropic

        from gradus.teachers.clients.anthropic_client import AnthropicClient

        self._client = anthropic.Anthropic(
            api_key=key,
            base_url=base_url,
            timeout=timeout,
            http_client=http(base_url, timeout, address),
            default_headers=address.headers_with(key),
            default_query=dict(address.query),
        )
        self._redaction = Redaction(key, self._client.auth_token, base_url=base_url)
        self._redaction.guard_log()
        self._errors = _Errors(anthropic.AnthropicError, self._redaction)
        self._reader: Reader = AnthropicClient

    def submit(self, items: Sequence[tuple[str, dict[str, Any]]], tag: str) -> str:
        requests: Any = [{"custom_id": key, "params": body} for key, body in items]
        with self._errors:
            return self._client.with_options(max_retries=0).messages.batches.create(requests=requests).id

    def find(self, tag: str, since: float, count: int) -> list[str]:
        """Both times are the provider's own; a batch up to ten minutes older may still be ours (older records)."""
        with self._errors:
            return [
                batch.id
                for batch in self._client.messages.batches.list(limit=100)
                if _moment(batch.created_at) >= since - 600
            ]

    def has_ended(self, identifier: str) -> bool:
        with self._errors:
            return _said_by(self._client.messages.batches.retrieve(identifier), "processing_status") == "ended"

    def now(self) -> float:
        with self._errors:
            answer = self._client.get("/v1/messages/batches?limit=1", cast_to=httpx2.Response)
        return _date(answer.headers)

    def results(self, identifier: str) -> Iterator[tuple[str, Outcome]]:
        with self._errors:
            answer = self._client.get(f"/v1/messages/batches/{identifier}/results", cast_to=httpx2.Response)
            yield from _items([answer.content], self._item, self._redaction)

    def _item(self, line: dict[str, Any]) -> Outcome:
        result = line["result"]
        if result.get("type") == "succeeded":
            return read_answer(result.get("message"), self._redaction, self._reader)
        if result.get("type") != "errored":
            return TransientError(f"the request is {result.get('type')}")
        error = result.get("error")
        kind = code_of(json.dumps(error))
        status = 400 if "invalid_request" in kind else 500
        return _failure(status, error, self._redaction)


def _refusal(batch: dict[str, Any], redaction: Redaction) -> BatchRefusedError | None:
    """Why a batch was not taken at all, in the provider's words; None where it says nothing."""
    errors = batch.get("errors")
    found = errors.get("data") if isinstance(errors, dict) else None
    if not found or batch.get("output_file_id") or batch.get("error_file_id"):
        return None
    codes = {str(one.get("code")) for one in found if isinstance(one, dict)}
    return BatchRefusedError(redaction.text(words_of(json.dumps(found))), bool(codes & _QUEUE_FULL))


def _said_by(batch: Any, field: str) -> str:
    """What a batch says of its state. What comes with success may be a page of something between us and the provider."""
    value = getattr(batch, field, None)
    if not isinstance(value, str):
        raise TransientError(f"no batch: {words_of(str(batch))[:200]}")
    return value


def _items(
    contents: Sequence[bytes], read: Callable[[dict[str, Any]], Outcome], redaction: Redaction
) -> Iterator[tuple[str, Outcome]]:
    """The items of files of lines, by their names; raises TransientError before the first one where a file holds none at all."""
    for content in contents:
        if content.strip() and next(_lines(content), None) is None:
            raise TransientError(f"no items: {redaction.text(words_of(content[:100_000].decode(errors='replace')))}")
    for name, line in itertools.chain.from_iterable(map(_lines, contents)):
        yield name, _outcome(line, read, redaction)


def _lines(content: bytes) -> Iterator[tuple[str, Any]]:
    """Name and JSON (else the text) of every line; a line ends at a line feed alone, whatever separators its texts hold."""
    for line in io.BytesIO(content):
        item = parse(line)
        if isinstance(item, dict) and isinstance(item.get("custom_id"), str):
            yield item["custom_id"], item
        elif isinstance(item, str) and (named := _NAMED.search(item)):
            yield named[1], item


def _outcome(line: Any, read: Callable[[dict[str, Any]], Outcome], redaction: Redaction) -> Outcome:
    """The answer of one item, or why it is none: no item may hide the others, and none that came is lost."""
    if isinstance(line, str):
        text = redaction.text(line)
        return UnusableAnswerError(f"no JSON: {text[:200]}", {"body": text}, {}, is_json=False)
    try:
        return read(line)
    except ProviderError as error:
        return error
    except Exception as error:
        words = f"an item that cannot be read ({redaction.message(error)})"
        return UnusableAnswerError(words, redaction.answer(line), {}, is_json=True)


def _failure(status: int, body: Any, redaction: Redaction) -> ProviderError:
    """An item's own failure; one that its request is to blame for says nothing of the others."""
    text = json.dumps(body)
    failure = classified(status, code_of(text), redaction.text(words_of(text)), body=text)
    return RejectedRequestError(str(failure)) if isinstance(failure, BadRequestError) else failure


def _date(headers: Mapping[str, str]) -> float:
    """The moment by an answer's ``Date`` header, else by our clock (Unix time)."""
    try:
        return parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        return time.time()


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
        if not isinstance(error, Exception):
            return
        failure = provider_error(error, self._redaction)
        if not isinstance(failure, ProviderError) and not isinstance(error, self._kind):
            raise failure from None
        words = str(failure) if isinstance(failure, ProviderError) else self._redaction.message(error)
        if isinstance(failure, TransientError | RateLimitError):
            told: type[UserError] = BatchServiceTroubleError
        else:
            told = BatchServiceRefusedError if isinstance(failure, PermanentError) else UserError
        what = "cannot be reached" if isinstance(failure, UnreachableError) else "answers"
        first = "fix the cause and run again" if isinstance(failure, PermanentError) else "run the same command again"
        said = f"the provider's batch service {what}: {words}"
        raise told(said, hint=f"{first}; what was submitted is found again") from None
