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
    """The keys with another value, those of ``before`` first; a list is one value, long values are cut."""
    old, new = dict(leaves(before)), dict(leaves(now))
    return [
        ChangedKey(key, _shown(old.get(key)), _shown(new.get(key)))
        for key in dict.fromkeys([*old, *new])
        if old.get(key) != new.get(key)
    ]


def leaves(section: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys and their values, in order."""
    if isinstance(section, dict) and section:
        for key, value in section.items():
            yield from leaves(value, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, section


def _shown(value: Any) -> str:
    text = "(unset)" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:77] + "..."
