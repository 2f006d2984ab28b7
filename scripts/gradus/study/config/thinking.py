"""Which teachers think before they answer: their thoughts are output, billed, and need room in the longest output."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

# Longest output of a teacher that thinks, where its entry names none: what the providers' own guides begin with, and less than
# what Anthropic's SDK sends without streaming (21,333).
ROOM_TO_THINK = 16_000
# Tokens of thoughts before an answer: an assumption, until the journal has answers.
THOUGHT_TOKENS = 1500

# Models that think before they answer, whatever they are asked.
_THINKERS = re.compile(
    r"(?:^|[/_.-])(?:o\d|gpt-5|gpt-oss|r1|qwq|magistral|reason(?:er|ing)|think(?:ing|er)?)(?:$|[/_.:@-])", re.IGNORECASE
)
_SWITCHES = ("reasoning_effort", "reasoning", "thinking", "enable_thinking", "thinking_budget", "thinking_config")


def thinks(model: str, rationale: str, extra: Mapping[str, Any]) -> bool:
    """Whether a teacher's model thinks before it answers, by its name, or by what its entry says of it.

    ``rationale`` is what students learn (thoughts are there to be learned), ``extra`` the fields merged into a request's body.
    """
    return (rationale != "answer" or _is_on(extra) or _THINKERS.search(model) is not None) and not _is_off(extra)


def _is_on(extra: Mapping[str, Any]) -> bool:
    return any(_is_set(value) for value in _switches(extra))


def _is_off(extra: Mapping[str, Any]) -> bool:
    found = list(_switches(extra))
    return bool(found) and not any(map(_is_set, found))


def _switches(extra: Mapping[str, Any]) -> Iterator[Any]:
    """What the fields of a body say about thinking, also one level deep (``chat_template_kwargs``)."""
    for name, value in extra.items():
        if name in _SWITCHES:
            yield value
        elif isinstance(value, Mapping):
            yield from _switches(value)


def _is_set(value: Any) -> bool:
    if isinstance(value, Mapping):
        return value.get("type") != "disabled" and value.get("enabled") is not False
    return value not in (False, None, 0, "none", "off", "disabled")
