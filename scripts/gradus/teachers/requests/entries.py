"""Entries of the journal as lines: any answer can be written, and what a torn write left is told apart from damage.

A line is canonical JSON. Where an answer holds what that form cannot (a lone surrogate, NaN), its texts are escaped instead: no
answer is too odd to be kept.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from gradus.runtime.atomic import canonical_json

# Ends a line that a failed write left unfinished and that could not be cut off; no JSON holds this character.
CANCELLED = b"\x18\n"
# Every entry begins with one of these keys, because its keys are sorted.
_BEGINNING = re.compile(rb'\{"(?:account|attempts|batch|key)":')

# What interfaces call the longest output.
LENGTH_FIELDS = ("max_completion_tokens", "max_output_tokens", "max_tokens")


def encode(entry: dict[str, Any]) -> bytes:
    """The line of an entry; never fails for values that came out of JSON."""
    try:
        return canonical_json(entry).encode("utf-8") + b"\n"
    except (ValueError, TypeError, RecursionError):
        plain = {name: _plain(value, depth=0) for name, value in entry.items()}
        return json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii") + b"\n"


def decode(line: bytes) -> tuple[int, dict[str, Any]] | None:
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


def _entry(text: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(text)
    except (ValueError, RecursionError):
        return None
    is_entry = isinstance(entry, dict) and isinstance(entry.get("key"), str) and isinstance(entry.get("response"), dict)
    return entry if is_entry else None


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


def output_limit(body: dict[str, Any]) -> int | None:
    """The longest output that a body asks for, in tokens; None where it sets none."""
    return next((int(body[name]) for name in LENGTH_FIELDS if isinstance(body.get(name), int)), None)
