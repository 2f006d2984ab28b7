"""What the clients of chat providers share: the body that goes over the wire, texts of messages, waiting times."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from gradus.teachers.clients.capabilities import Interface
from gradus.teachers.requests.announced_limits import bounded, seconds_of

SystemPlace = Literal["system", "user", "none"]


def wire_body(
    interface: Interface,
    model: str,
    system: str,
    prompt: str,
    parameters: Mapping[str, Any],
    place: SystemPlace = "system",
) -> dict[str, Any]:
    """One question as it goes over the wire; with the sample index it is the request's identity. Needs no key.

    ``parameters`` are those that are really sent; ``place`` is where the system prompt goes.
    """
    user = {"role": "user", "content": f"{system}\n\n{prompt}" if place == "user" else prompt}
    body: dict[str, Any] = {"model": model, "messages": [user], **parameters}
    if place == "system" and interface == "anthropic":
        body["system"] = system
    elif place == "system":
        body["messages"] = [{"role": "system", "content": system}, user]
    return body


# No request has more tokens: a larger count is no count.
MOST_TOKENS = 10**9
_MOST_DIGITS = 4000
# A wait of thirty years is none: it is a moment (2001 and later).
_FIRST_MOMENT = 1e9
# The model of an answer that names none; `also_accept: [unnamed]` accepts it.
UNNAMED = "unnamed"


def parse(content: bytes) -> Any:
    """The JSON of a body; where it is none (or no UTF-8), its text."""
    text = content.decode("utf-8", "replace")
    try:
        return json.loads(text, parse_int=_whole)
    except (ValueError, RecursionError):
        return text


def _whole(digits: str) -> int | float:
    """A whole number; one with more digits than Python turns into a number is infinite: it must not hide the body around it."""
    return int(digits) if len(digits) <= _MOST_DIGITS else math.copysign(math.inf, -1.0 if digits[0] == "-" else 1.0)


def fold(text: Any) -> str:
    """The text of a message, also where it comes in parts; None and other absences are the empty text."""
    return "".join(_texts(text, "text"))


def thoughts(parts: Any) -> str:
    """The thinking in a message's parts; empty where it has none."""
    return "\n".join(_texts(parts, "thinking")) if isinstance(parts, list) else ""


def _texts(content: Any, kind: str) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for part in content:
            if isinstance(part, str):
                yield part
            elif isinstance(part, dict) and part.get("type", "text") == kind:
                inner = part.get(kind)
                yield inner if isinstance(inner, str) else "".join(_texts(inner, "text"))


def count(usage: Any, *names: str) -> int | None:
    """A number of tokens by a path of names into a provider's usage; None where it says none that can be one."""
    for name in names:
        usage = usage.get(name) if isinstance(usage, dict) else None
    is_number = isinstance(usage, int | float) and not isinstance(usage, bool)
    return int(usage) if is_number and 0 <= usage <= MOST_TOKENS else None


def known(**counts: int | None) -> dict[str, int]:
    """The counts that a provider gave; those of a part (cached, reasoning) only where there are any."""
    parts = ("cached_tokens", "reasoning_tokens")
    return {name: value for name, value in counts.items() if value is not None and (value or name not in parts)}


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by the header ``retry-after-ms``, else ``retry-after``; None where they tell none, at most LONGEST_WAIT.

    Servers write seconds, a date, a time with units (``30s``) or, against the standard, the moment as Unix time.
    """
    waits = (_milliseconds(headers.get("retry-after-ms")), _wait(headers.get("retry-after")))
    return next((wait for wait in waits if wait is not None), None)


def _milliseconds(value: str | None) -> float | None:
    try:
        return None if value is None else bounded(float(value) / 1000)
    except ValueError:
        return None


def _wait(value: str | None) -> float | None:
    if value is None:
        return None
    try:
        seconds = None if "," in value else seconds_of(value.strip())
        if seconds is not None:
            return bounded(_until(seconds) if seconds >= _FIRST_MOMENT else seconds)
        from datetime import UTC
        from email.utils import parsedate_to_datetime

        when = parsedate_to_datetime(value)
        return bounded(_until((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()))
    except (ValueError, TypeError, OverflowError):
        return None


def _until(moment: float) -> float:
    """Seconds until a moment in Unix time, or in its milliseconds."""
    return (moment / 1000 if moment >= 1000 * _FIRST_MOMENT else moment) - time.time()
