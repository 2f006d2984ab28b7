"""Changed keys: in what two sections of a study file differ, key by key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple


class ChangedKey(NamedTuple):
    """A dotted key with its value before and now, as JSON texts; ``(unset)`` where it was or is not there."""

    key: str
    before: str
    now: str

    def __str__(self) -> str:
        return f"{self.key}: {self.before} -> {self.now}"


def changed_keys(before: Any, now: Any) -> list[ChangedKey]:
    """The keys whose value has another JSON text (1 is not 1.0), those of ``before`` first; a list is one value, long values are
    cut."""
    old, new = ({key: _text(value) for key, value in leaves(section)} for section in (before, now))
    unset = _text(None)
    return [
        ChangedKey(key, *_cut(old.get(key, unset), new.get(key, unset)))
        for key in dict.fromkeys([*old, *new])
        if old.get(key, unset) != new.get(key, unset)
    ]


def leaves(section: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys and their values, in order."""
    if isinstance(section, dict) and section:
        for key, value in section.items():
            yield from leaves(value, f"{prefix}.{key}" if prefix else str(key))
    elif section != {} or prefix:
        yield prefix, section


def _text(value: Any) -> str:
    return "(unset)" if value is None else json.dumps(value, ensure_ascii=False)


def _cut(one: str, other: str) -> tuple[str, str]:
    """Both texts, long ones where they differ."""
    differing = (place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1])
    start = next(differing, 0) - 20
    if start > 40:
        one, other = f"...{one[start:]}", f"...{other[start:]}"
    first, second = (text if len(text) <= 80 else text[:77] + "..." for text in (one, other))
    return first, second
