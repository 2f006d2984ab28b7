"""The one style of progress bar: rate and remaining time, refreshed rarely, because logs keep it too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from tqdm import tqdm

T = TypeVar("T")


def bar(total: int, what: str, unit: str, initial: int = 0) -> tqdm[Any]:
    """A bar that the caller moves."""
    return tqdm(total=total, desc=what, unit=unit, initial=initial, mininterval=2.0, ascii=True, ncols=100)


def track(items: Iterable[T], total: int, what: str, unit: str) -> Iterable[T]:
    """A bar around a loop."""
    around: Iterable[T] = tqdm(items, total=total, desc=what, unit=unit, mininterval=2.0, ascii=True, ncols=100)
    return around
