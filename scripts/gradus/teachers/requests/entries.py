"""Entries of the journal as lines: any answer can be written, and what a torn write left is told apart from damage.

A line is canonical JSON. Where an answer holds what that form cannot (a lone surrogate, NaN), its texts are escaped instead: no
answer is too odd to be kept.
"""

# No `from __future__ import annotations`: with it Python 3.11 takes the fields that are NotRequired for required ones.
import json
import math
import re
from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict, cast

from gradus.runtime.atomic import canonical_json

# Ends a line that a failed write left unfinished and that could not be cut off; no JSON holds this character.
CANCELLED = b"\x18\n"
# Every entry begins with one of these keys, because its keys are sorted.
_BEGINNING = re.compile(rb'\{"(?:account|attempts|batch|key)":')

# What interfaces call the longest output.
LENGTH_FIELDS = ("max_completion_tokens", "max_output_tokens", "max_tokens")


class StoredResponse(TypedDict):
    """An answer as it is kept (``journal.Response``)."""

    text: str
    finish_reason: str
    model: str
    usage: dict[str, int]
    price_usd: float | None
    reasoning: NotRequired[str]


class SourceFacts(TypedDict, total=False):
    """Where answers come from, and the variable of the key that pays."""

    server: str
    account: str


class AnswerFacts(SourceFacts, total=False):
    """What is kept beside an answer: how often it was asked for, by which SDK, or in which batch."""

    attempts: int
    sdk: str
    batch: str


class EntryFacts(AnswerFacts, total=False):
    """What is kept beside any body; one that is ``unusable`` was paid for and answers nothing."""

    unusable: bool


class Entry(EntryFacts):
    """A line of the journal. Entries of older versions have no time; ``raw`` is the provider's whole answer, if it was one."""

    key: str
    request: Mapping[str, object]
    response: StoredResponse
    time: NotRequired[float]
    raw: NotRequired[dict[str, Any]]


def encode(entry: Entry) -> bytes:
    """The line of an entry; never fails for values that came out of JSON."""
    try:
        return canonical_json(entry).encode("utf-8") + b"\n"
    except (ValueError, TypeError, RecursionError):
        plain = {name: _plain(value, depth=0) for name, value in entry.items()}
        return json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii") + b"\n"


def decode(line: bytes) -> tuple[int, Entry] | None:
    """Where the entry of a whole line begins in it, and the entry; None for a line that was cancelled.

    A torn write of an older version has left its fragment before the entry. Raises ValueError for a damaged line.
    """
    if line.endswith(CANCELLED):
        return None
    entry = _entry(line)
    if entry is not None:
        return 0, entry
    for match in _BEGINNING.finditer(line, 1):
        entry = _entry(line[match.start() :])
        if entry is not None:
            return match.start(), entry
    raise ValueError("not an entry of a journal")


def _entry(text: bytes) -> Entry | None:
    try:
        entry = json.loads(text)
    except (ValueError, RecursionError):
        return None
    is_entry = isinstance(entry, dict) and isinstance(entry.get("key"), str) and isinstance(entry.get("response"), dict)
    return cast(Entry, entry) if is_entry else None


def without_lone_surrogates(text: str) -> str:
    """The text as UTF-8 can hold it: halves of a pair are joined, and a half without the other becomes U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _plain(value: Any, depth: int) -> Any:
    """A value that strict JSON can hold; what is nested too deeply is kept as a text."""
    if isinstance(value, float):
        return value if math.isfinite(value) else repr(value)
    if isinstance(value, str | int) or value is None:
        return value
    if depth > 200:
        return "nested too deeply to be kept"
    if isinstance(value, dict):
        return {str(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1) for item in value]
    return repr(value)


def output_limit(body: Mapping[str, Any]) -> int | None:
    """The longest output that a body asks for, in tokens; None where it sets none."""
    return next((int(body[name]) for name in LENGTH_FIELDS if isinstance(body.get(name), int)), None)
