"""Which teachers think before they answer: their thoughts are output, billed, and need room in the longest output."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

# Longest output of a teacher that thinks, where its entry names none: what the providers' own guides begin with, and less than
# what Anthropic's SDK sends without streaming (21,333).
ROOM_TO_THINK = 16_000
# What is left for the answer where an entry allows more thoughts than that: providers refuse a limit that is not above them.
ROOM_TO_ANSWER = 4_000
# Tokens of thoughts before an answer: an assumption, until the journal has answers.
THOUGHT_TOKENS = 1500

# Models that think before they answer, unless they are told not to: the names of families, each whole between separators.
_FAMILIES = (
    r"o\d",
    r"gpt-5",
    r"gpt-oss",
    r"r1(?:t\d?)?",
    r"q[wv]q",
    r"qwen3(?:\.\d)?(?:[-:_][\d.]+b)?",  # the open sizes, and the name alone
    r"magistral",
    r"openthinker\d?",
    r"smollm3",
    r"gemini-2\.5-(?:pro|flash)",
    r"gemini-[3-9]",
    r"grok-(?:3-mini|[4-9])",
    r"glm-(?:z\d|4\.[5-9]|[5-9])",
    r"minimax-m\d",
    r"reason(?:er|ing)",
    r"think(?:ing|er)?",
)
_THINKERS = re.compile(rf"(?:^|[/_.:-])(?:{'|'.join(_FAMILIES)})(?:$|[/_.:@-])", re.IGNORECASE)
# Models of these families that do not.
_NOT_THINKERS = re.compile(
    r"(?:non|no|without)[-_](?:reason|think)|gpt-5[\d.]*-chat|gemini-2\.5-flash-lite"
    r"|qwen3[-:_.](?!.*think).*(?:instruct|coder|base|max|embedding|reranker)",
    re.IGNORECASE,
)
_SWITCHES = (
    *("reasoning_effort", "reasoning", "thinking", "think", "enable_thinking"),
    *("thinking_budget", "thinkingBudget", "thinking_config", "thinkingConfig"),
)
# What a switch may hold that says how much is thought.
_AMOUNTS = ("effort", "max_tokens", "budget_tokens", "thinking_budget", "thinkingBudget")


def thinks(model: str, rationale: str, extra: Mapping[str, Any]) -> bool:
    """Whether a teacher's model thinks before it answers, by its name, or by what its entry says of it.

    ``rationale`` is what students learn (thoughts are there to be learned), ``extra`` the fields merged into a request's body.
    """
    is_thinker = _THINKERS.search(model) is not None and _NOT_THINKERS.search(model) is None
    return (rationale != "answer" or _is_on(extra) or is_thinker) and not _is_off(extra)


def room_to_think(extra: Mapping[str, Any]) -> int:
    """The longest output of a teacher that thinks, where its entry names none: more than the thoughts that it allows."""
    return max(ROOM_TO_THINK, *(amount + ROOM_TO_ANSWER for amount in _allowed(extra)), 0)


def _allowed(extra: Mapping[str, Any]) -> Iterator[int]:
    for switch in _switches(extra):
        amounts = [switch.get(name) for name in _AMOUNTS] if isinstance(switch, Mapping) else [switch]
        yield from (one for one in amounts if isinstance(one, int) and not isinstance(one, bool))


def _is_on(extra: Mapping[str, Any]) -> bool:
    return any(_is_set(value) for value in _switches(extra))


def _is_off(extra: Mapping[str, Any]) -> bool:
    found = list(_switches(extra))
    return bool(found) and not any(map(_is_set, found))


def _switches(extra: Mapping[str, Any]) -> Iterator[Any]:
    """What the fields of a body say about thinking, also deeper in it (``chat_template_kwargs``, ``google``)."""
    for name, value in extra.items():
        if name in _SWITCHES:
            yield value
        elif isinstance(value, Mapping):
            yield from _switches(value)


def _is_set(value: Any) -> bool:
    if isinstance(value, Mapping):
        amounts = [value[name] for name in _AMOUNTS if name in value]
        is_some = not amounts or any(map(_is_set, amounts))
        return is_some and value.get("type") != "disabled" and value.get("enabled") is not False
    return value not in (False, None, 0, "none", "off", "disabled")
