"""Received bodies: what came with success is an answer, an error in disguise, or a body that cannot be used."""

from __future__ import annotations

import json
from typing import Any, Protocol

from gradus.teachers.clients.chat import parse
from gradus.teachers.clients.failures import classified, error_in_answer, words_of
from gradus.teachers.clients.redaction import Redaction
from gradus.teachers.errors import ProviderError, UnusableAnswerError
from gradus.teachers.requests.journal import Response


class Reader(Protocol):
    """How an interface's bodies are read."""

    def read(self, raw: dict[str, Any]) -> Response:
        """The answer in a body; UnusableAnswerError where it holds none."""
        ...

    def counts(self, raw: dict[str, Any]) -> dict[str, int]:
        """The tokens that a body tells."""
        ...


def received(content: bytes, redaction: Redaction, reader: Reader) -> Response:
    """The answer in a body that came with HTTP 200.

    Raises the error that the body holds (OpenRouter: 200 with ``{"error": {"code": 402, ...}}``), or UnusableAnswerError.
    """
    value = parse(content)
    if isinstance(value, str):
        text = redaction.text(value)
        shown = words_of(text)[:200] or "an empty body"
        raise UnusableAnswerError(f"no JSON: {shown}", {"body": text}, {}, is_json=False)
    return read_answer(value, redaction, reader)


def read_answer(value: Any, redaction: Redaction, reader: Reader) -> Response:
    """The answer in a body's JSON, its keys taken out; raises as ``received`` does.

    A body that is too odd for our own reading is unusable, and kept as such: it may have been paid for.
    """
    clean = redaction.answer(value)
    raw = clean if isinstance(clean, dict) else {"body": clean}
    try:
        return _read(raw, redaction, reader)
    except UnusableAnswerError as error:
        words = f"{error}: {redaction.text(_shown(clean))[:200]}"
        raise UnusableAnswerError(words, error.raw, error.usage, error.is_json) from None
    except ProviderError:
        raise
    except Exception as error:
        words = f"it cannot be read ({redaction.message(error)}): {redaction.text(_shown(clean))[:200]}"
        raise UnusableAnswerError(words, raw, _counts(raw, reader), is_json=True) from None


def _read(raw: dict[str, Any], redaction: Redaction, reader: Reader) -> Response:
    failed = error_in_answer(raw)
    if failed is not None:
        status, code, words = failed
        said = redaction.text(f"an error in place of an answer ({status}): {words}")
        raise classified(status, code, said, body=json.dumps(raw))
    return reader.read(raw)


def _shown(clean: Any) -> str:
    try:
        return str(clean)
    except (RecursionError, ValueError):  # lists within lists; a number of thousands of digits
        return "nested too deeply to be shown"


def _counts(raw: dict[str, Any], reader: Reader) -> dict[str, int]:
    try:
        return reader.counts(raw)
    except Exception:
        return {}
