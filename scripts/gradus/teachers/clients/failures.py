"""Failures in the provider's own words: what an SDK raises, or a body with an error in it says, as one of our kinds of error.

Both SDKs have one set of names for their errors and one HTTP library, so that there is one table here.
"""

from __future__ import annotations

import html
import json
import re
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import httpx2

from gradus.teachers.clients.chat import retry_after
from gradus.teachers.clients.redaction import Redaction
from gradus.teachers.errors import (
    BadRequestError,
    ContentFiltered,
    DailyLimitError,
    KeyRefusedError,
    NotOfferedError,
    PermanentError,
    ProviderError,
    RateLimitError,
    RejectedRequestError,
    TimedOutError,
    TransientError,
    UnreachableError,
)
from gradus.teachers.requests.announced_limits import LONGEST_WAIT, seconds_of

_FILTERED = ("content_filter", "content_policy_violation", "invalid_prompt")
_EXHAUSTED = (
    "insufficient_quota",
    "billing_hard_limit_reached",
    "insufficient_credits",
    "billing_not_active",
    "exceeded_current_quota_error",
)
_ONE_REQUEST = re.compile(
    r"context[_ ]length|context window|maximum context|too long|too large|string_above_max_length|too many tokens"
    r"|input token count|reduce the length",
    re.IGNORECASE,
)
_PER_DAY = re.compile(r"per[ _-]?day|daily|\bRPD\b|\bTPD\b", re.IGNORECASE)
# Gemini: {"violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel"}]}, {"retryDelay": "34s"} (gemini-cli #8437).
_QUOTA = re.compile(r'"quotaId"\s*:\s*"([^"]*)"')
# "Please try again in 9m38.016s." (OpenAI, Groq: continue issue 10920); "Please wait 41234 seconds before retrying." (Azure)
_TIME = r"(\d+(?:\.\d+)?)\s?(ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)(?![a-z])"
_WAIT = re.compile(
    r"""(?:\b(?:try\s+again|retry)\s+(?:in|after)\s+|\bwait\s+(?:for\s+)?|"retrydelay"\s*:\s*")"""
    rf"(?P<times>(?:{_TIME},?\s?(?:and\s)?)+)"
)
_LASTING: dict[int, type[PermanentError]] = {
    400: BadRequestError,
    422: BadRequestError,
    401: KeyRefusedError,
    403: KeyRefusedError,
    404: NotOfferedError,
    405: NotOfferedError,
    501: NotOfferedError,
}
_SOON = 60.0
_LONGEST = 400


def provider_error(error: Exception, redaction: Redaction) -> Exception:
    """An SDK's exception as a ``ProviderError`` without keys; a defect of ours stays one (without keys, too)."""
    kind = type(error).__name__
    response = getattr(error, "response", None)
    if isinstance(response, httpx2.Response):
        words = words_of(response.text)
        if response.status_code in (404, 405, 501) or not words:
            words = f"{words} (asked: {address_of(response)})".strip()
        said = redaction.text(f"{kind}: {words}")
        return classified(
            response.status_code, code_of(response.text), said, retry_after(response.headers), response.text
        )
    if kind == "APITimeoutError" and not _is_caused_by(error, httpx2.ConnectTimeout):
        return TimedOutError(redaction.message(error))
    if kind in ("APIConnectionError", "APITimeoutError"):
        cause = cause_of(error)
        said = redaction.text(f"{kind}: {cause}")
        return UnreachableError(said) if _is_caused_by(error, *_NO_CONNECTION) else TransientError(said)
    if any(base.__name__ == "APIError" for base in type(error).__mro__):
        return TransientError(redaction.message(error))
    return error if isinstance(error, ProviderError) else redaction.unexpected(error)


def classified(status: int, code: str, words: str, wait: float | None = None, body: str = "") -> ProviderError:
    """The kind of a failure by its HTTP status and the code in its body.

    ``words`` is the message, ``wait`` what a header asks for in seconds, ``body`` the provider's whole body, where quotas and
    waits may stand that its message does not have.
    """
    if code in _EXHAUSTED:
        return PermanentError(words)
    if status == 429:
        told = told_wait(f"{words} {body}") if wait is None else wait
        # Beside a quota of a day seconds are told, too (Gemini), after which nothing passes; a header is believed.
        is_of_a_day = _PER_DAY.search(" ".join([words, *_QUOTA.findall(body)])) and wait is None
        return DailyLimitError(words) if is_of_a_day and (told or 0.0) < _SOON else RateLimitError(words, told)
    # 408 and 409 pass; 529 is "overloaded": the servers' trouble, which our pace did not cause.
    if status in (408, 409) or (status >= 500 and status not in _LASTING):
        return TransientError(words, wait)
    if code in _FILTERED:
        return ContentFiltered(words)
    if status in (400, 413, 422) and (_ONE_REQUEST.search(f"{code} {words}") or status == 413):
        return RejectedRequestError(words)
    return _LASTING.get(status, PermanentError)(words)


def told_wait(text: str) -> float | None:
    """The seconds that a text asks to wait for, the longest of several; None where it asks for none."""
    times = [
        match["times"].replace("milliseconds", "ms").replace("millisecond", "ms")
        for match in _WAIT.finditer(text.lower())
    ]
    told = [
        seconds_of("".join(number + (unit if unit == "ms" else unit[0]) for number, unit in re.findall(_TIME, one)))
        for one in times
    ]
    return max((min(wait, LONGEST_WAIT) for wait in told if wait is not None), default=None)


def error_in_answer(raw: dict[str, Any]) -> tuple[int, str, str] | None:
    """(status, code, words) of an error that came with success, at the top or in place of the choice; None for an answer."""
    choices = raw.get("choices")
    first = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    for holder in (raw, first):
        error = holder.get("error")
        if error and not first.get("message", {}):
            code = str(error.get("code")) if isinstance(error, dict) else ""
            status = int(code) if re.fullmatch("[0-9]{1,9}", code) else 400
            text = json.dumps({"error": error})
            return status, code_of(text), words_of(text)
    return None


def words_of(body: str) -> str:
    """What a provider says in a body: the messages in JSON of any common shape, a page's text, or the text itself."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        text = re.sub(r"(?is)<(script|style)\b.*?(?:</\1>|\Z)|<[^<>]+>", " ", body) if "<" in body else body
        return " ".join(html.unescape(text).split())[:_LONGEST]
    found = list(dict.fromkeys(_messages(value)))
    return " ".join(" | ".join(found).split())[:_LONGEST] or (body[:_LONGEST] if value else "")


def _messages(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _messages(item)
    elif isinstance(value, dict):
        names = ("error", "errors", "message", "detail", "msg", "error_description", "metadata", "raw")
        for name in names:
            if value.get(name):
                yield from _messages(value[name])


def code_of(body: str) -> str:
    """The provider's code of an error (``insufficient_quota``), or the empty text."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    value = value[0] if isinstance(value, list) and value else value
    error = value.get("error", value) if isinstance(value, dict) else {}
    if not isinstance(error, dict):
        return ""
    codes = [error.get(name) for name in ("code", "type", "status")]
    return next((str(code) for code in codes if isinstance(code, str)), "")


def address_of(response: httpx2.Response) -> str:
    """The address that was asked, without user, password and query."""
    try:
        url = response.request.url
    except RuntimeError:
        return "an unknown address"
    return str(url.copy_with(username="", password="", query=None)).replace("//:@", "//")


_NO_CONNECTION = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.ProxyError,
    httpx2.LocalProtocolError,
    httpx2.UnsupportedProtocol,
    socket.gaierror,
    ssl.SSLError,
)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or link.__context__


def _is_caused_by(error: BaseException, *kinds: type[BaseException]) -> bool:
    return any(isinstance(link, kinds) for link in _chain(error))


def cause_of(error: BaseException) -> str:
    """Why no connection came about or it broke, in the words of the deepest cause that has some."""
    said = [(type(link).__name__, str(link).strip()) for link in _chain(error) if str(link).strip()]
    name, words = said[-1] if said else (type(error).__name__, "the connection broke")
    return words if name in ("OSError", "gaierror") else f"{name}: {words}"
