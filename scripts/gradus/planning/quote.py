"""A quote: how many requests some annotations take, and what the missing ones cost."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Quote:
    """Requests of one supervision (``cached`` of them are in the journal), tokens and dollars of the missing ones.

    ``usd`` and ``usd_batch`` are None where the price is unknown; ``minutes`` is the time at the configured limits.
    """

    requests: int
    cached: int
    input_tokens: int
    output_tokens: int
    usd: float | None
    usd_batch: float | None
    minutes: float

    def __add__(self, other: Quote) -> Quote:
        def total(name: str) -> Any:
            left, right = getattr(self, name), getattr(other, name)
            return None if left is None or right is None else left + right

        return Quote(**{part.name: total(part.name) for part in fields(self)})


NOTHING = Quote(0, 0, 0, 0, 0.0, 0.0, 0.0)
