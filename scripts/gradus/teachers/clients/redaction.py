"""Redaction: the keys that a client was given are taken out of everything that leaves it: messages, log lines, answers.

The very strings are replaced, in each form that a provider, a proxy or an exception may show them in; what merely looks like a
key of somebody is replaced too, as a second guard.
"""

from __future__ import annotations

import base64
import json
import logging
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus, unquote, urlsplit

SHOWN = "[key]"
# Shorter values are no secrets ("none", "x"), and answers may hold words that servers without keys are given ("EMPTY").
_SHORTEST_IN_MESSAGES = 4
_SHORTEST_IN_ANSWERS = 8
_LONGEST_MESSAGE = 600
_LOOKS_LIKE_A_KEY = re.compile(
    r"\b(?:sk|Bearer)[-_ ][\w*.-]{6,}|\bkey[-_ ](?=[\w*.-]*[\d*])[\w*.-]{6,}"
    r"|\b(?:gsk_|xai-|hf_|AIza|nvapi-)[\w*-]{6,}"
    r"|(?i:\b(?:x-api-key|api[-_]?key|access[-_]?token|token|authorization|password|secret)\b[\"']?\s*[:=]\s*[\"']?"
    r"(?:bearer\s+|basic\s+)?)[\w+/=.*~-]{6,}"
)


class Redaction(logging.Filter):
    """Takes ``secrets`` out of texts; as a filter of log handlers, out of log lines."""

    def __init__(self, *secrets: str | None, base_url: str | None = None) -> None:
        super().__init__()
        known = {secret: _forms(secret) for secret in (*filter(None, secrets), *_in_address(base_url or ""))}
        self._in_messages = _pattern(known, _SHORTEST_IN_MESSAGES)
        self._in_answers = _pattern(known, _SHORTEST_IN_ANSWERS)

    def text(self, text: str) -> str:
        """A message without keys."""
        shown = self._in_messages.sub(SHOWN, text) if self._in_messages else text
        return _LOOKS_LIKE_A_KEY.sub(SHOWN, shown)

    def message(self, error: BaseException) -> str:
        """Kind and message of an exception, without keys and not too long."""
        return self.text(f"{type(error).__name__}: {error}")[:_LONGEST_MESSAGE]

    def answer(self, value: Any) -> Any:
        """JSON values of a provider's answer in which the given keys alone are replaced."""
        pattern = self._in_answers
        return value if pattern is None else _with_texts(value, lambda text: pattern.sub(SHOWN, text))

    def unexpected(self, error: Exception) -> Exception:
        """A defect's exception to raise (``from None``) in place of one whose message or chain may hold a key."""
        return RuntimeError(self.message(error)).with_traceback(error.__traceback__)

    def guard_log(self) -> None:
        """Put the filter before every handler of the log, so that no line of an SDK or of ours shows a key."""
        for handler in logging.getLogger().handlers:
            handler.addFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        """Every record passes, without keys."""
        message = record.getMessage()
        if record.exc_info:
            message = f"{message}\n{logging.Formatter().formatException(record.exc_info)}"
        record.msg, record.args, record.exc_info, record.exc_text = self.text(message), None, None, None
        return True


def _with_texts(value: Any, change: Callable[[str], str]) -> Any:
    """A copy of JSON values with changed texts and names, however deeply they are nested: it does not call itself."""
    whole: list[Any] = [None]
    left: list[tuple[Any, Any, Any]] = [(value, whole, 0)]  # what is copied, into what, under which name or number
    while left:
        item, holder, where = left.pop()
        if isinstance(item, str):
            holder[where] = change(item)
        elif isinstance(item, dict):
            names = [change(name) if isinstance(name, str) else name for name in item]
            copy = holder[where] = dict.fromkeys(names)
            left += reversed([(inner, copy, name) for name, inner in zip(names, item.values(), strict=True)])
        elif isinstance(item, list | tuple):
            copies = holder[where] = [None] * len(item)
            left += [(inner, copies, number) for number, inner in enumerate(item)]
        else:
            holder[where] = item
    return whole[0]


def _in_address(address: str) -> list[str]:
    """The password of an address, and user and password as basic authentication joins them."""
    parts = urlsplit(address)
    if not parts.password:
        return []
    password = unquote(parts.password)
    return [password, f"{unquote(parts.username or '')}:{password}"]


def _forms(secret: str) -> set[str]:
    """How a secret may be written: plain, escaped in JSON, a Python text or an address, in base64 alone or beside a colon."""
    joined = (secret, f":{secret}", f"{secret}:", f"Bearer {secret}")
    encoded = {base64.b64encode(text.encode()).decode() for text in joined}
    encoded |= {base64.urlsafe_b64encode(text.encode()).decode() for text in joined}
    escaped = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]}
    addressed = {quote(secret), quote(secret, safe=""), quote_plus(secret)}
    return {secret, secret.strip(), *escaped, *addressed, *encoded, *(text.rstrip("=") for text in encoded)}


def _pattern(known: dict[str, set[str]], shortest: int) -> re.Pattern[str] | None:
    """Any form of the secrets that are long enough; the longest first, so that none is replaced in part."""
    forms = {form for secret, forms in known.items() if len(secret.strip()) >= shortest for form in forms}
    ordered = sorted(forms, key=lambda form: (-len(form), form))
    return re.compile("|".join(re.escape(form) for form in ordered)) if ordered else None
