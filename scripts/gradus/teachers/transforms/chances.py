"""Chances: seeded choices that depend on names alone, so that they are the same on every machine and with every Python.

A larger share holds what a smaller one held: doses are nested.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")


def number(*names: object) -> int:
    """A whole number below 2^64 that the names decide."""
    digest = hashlib.sha256("/".join(map(str, names)).encode("utf-8")).digest()
    return int.from_bytes(digest[:8])


def in_drawn_order(items: Iterable[Item], name: Callable[[Item], object], *seed: object) -> list[Item]:
    """All items in an order that the seed and their names decide."""
    return sorted(items, key=lambda item: (number(*seed, name(item)), str(name(item))))


def part(share: float, count: int) -> int:
    """A share of a count, to the nearest whole number, halves up."""
    return int(share * count + 0.5 + 1e-9)
