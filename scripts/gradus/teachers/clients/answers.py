"""Received bodies: what came with success is an answer, an error in disguise, or a body that cannot be used."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from gradus.teachers.clients.chat import parse
from gradus.teachers.clients.failures import classified, error_in_answer, words_of
from gradus.teachers.clients.redaction import Redaction
from gradus.teachers.errors import UnusableAnswerError
from gradus.teachers.requests.journal import Response

Read = Callable[[dict[str, Any]], Response]


def received(content: bytes, redaction: Redaction, read: Read) -> Response:
    """The answer in a body that came with HTTP 200.

    Raises the error that the body holds (OpenRouter: 200 with ``{"error": {"code": 402, ...}}``), or UnusableAnswerError.
    """
    value = parse(content)
    if isinstance(value, str):
        text = redaction.text(value)
        shown = words_of(text)[:200] or "an empty body"
        raise UnusableAnswerError(f"no JSON: {shown}", {"body": text}, {}, is_json=False)
    return read_answer(value, redaction, read)


def read_answer(value: Any, redaction: Redaction, read: Read) -> Response:
    """The answer in a body's JSON, its keys taken out; raises as ``received`` does."""
    try:
        clean = redaction.answer(value)
    except RecursionError:
        raise UnusableAnswerError("nested too deeply", {"body": "nested too deeply"}, {}, is_json=True) from None
    raw = clean if isinstance(clean, dict) else {"body": clean}
    failed = error_in_answer(raw)
    if failed is not None:
        status, code, words = failed
        said = redaction.text(f"an error in place of an answer ({status}): {words}")
        raise classified(status, code, said, body=json.dumps(raw))
    try:
        return read(raw)
    except UnusableAnswerError as error:
        words = f"{error}: {redaction.text(str(clean))[:200]}"
        raise UnusableAnswerError(words, error.raw, error.usage, error.is_json) from None
