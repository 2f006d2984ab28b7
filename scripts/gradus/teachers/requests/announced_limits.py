"""Limits that a provider tells in the headers of its answers: the account's own, whatever was typed into the study file.

OpenAI and who speaks as it does: ``x-ratelimit-limit-requests`` with ``-remaining-`` and ``-reset-`` (``6m0s``, the time until
all are there again), the same for tokens (https://platform.openai.com/docs/guides/rate-limits). Some providers give a day's
limit under these names: only one that is filled again within a minute or so is a limit per minute. Anthropic:
``anthropic-ratelimit-requests-limit`` and ``-tokens-limit``, or input and output apart, per minute
(https://docs.claude.com/en/api/rate-limits).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
# A limit whose whole window is longer is none per minute.
_LONGEST_WINDOW = 90.0
_SHORTEST_RESET = 0.1


@dataclass(frozen=True)
class AnnouncedLimits:
    """Requests and tokens (input and output) per minute; None where a provider does not tell."""

    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None


NOTHING_ANNOUNCED = AnnouncedLimits()


def announced_limits(headers: Mapping[str, str]) -> AnnouncedLimits:
    """The limits in the headers of an answer, whose names are in any case; what cannot be read tells nothing."""
    given = {name.lower(): value for name, value in headers.items()}
    if any(name.startswith("anthropic-ratelimit-") for name in given):
        requests, both, read, written = (
            _number(given.get(f"anthropic-ratelimit-{name}-limit"))
            for name in ("requests", "tokens", "input-tokens", "output-tokens")
        )
        apart = None if read is None or written is None else read + written
        return AnnouncedLimits(requests, apart if both is None else both)
    return AnnouncedLimits(_per_minute(given, "requests"), _per_minute(given, "tokens"))


def _per_minute(given: Mapping[str, str], what: str) -> float | None:
    limit, remaining = (_number(given.get(f"x-ratelimit-{name}-{what}")) for name in ("limit", "remaining"))
    reset = seconds_of(given.get(f"x-ratelimit-reset-{what}"))
    if limit is None or remaining is None or reset is None or not 0 < limit - remaining <= limit or reset <= 0:
        return None
    window = reset * limit / (limit - remaining)
    if window > _LONGEST_WINDOW:
        return None
    # Times are rounded to a millisecond: of a few of them the window cannot be told, and a minute is meant.
    return limit * 60 / window if reset >= _SHORTEST_RESET else limit


def _number(text: str | None) -> float | None:
    try:
        value = float((text or "").replace(",", ""))
    except ValueError:
        return None
    return value if 0 <= value < 1e15 else None


LONGEST_WAIT = 10 * 365 * 86_400.0  # a calendar still has a date for it


def bounded(seconds: float) -> float:
    """A wait that was asked for, between none and LONGEST_WAIT; ValueError for what is no number of seconds."""
    if not math.isfinite(seconds):
        raise ValueError(f"{seconds} is no number of seconds")
    return min(max(0.0, seconds), LONGEST_WAIT)


def seconds_of(text: str | None) -> float | None:
    """``6m0s``, ``120ms``, ``1.5s`` or plain seconds."""
    if text is None:
        return None
    parts = _PART.findall(text.strip())
    if parts and "".join(number + unit for number, unit in parts) == text.strip():
        return sum(float(number) * _UNITS[unit] for number, unit in parts)
    return _number(text)
