"""Engines: what writes the tokens that follow a prompt; the same call and the same rows from all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

# Whether a text that begins with these tokens is complete, whatever follows.
Settled = Callable[[Sequence[int]], bool]


@dataclass(frozen=True)
class GenerationLimits:
    """What bounds the texts of every engine.

    ``ends``: the tokens that end an answer; ``longest``: most tokens of one; ``temperature``: 0 takes the likeliest token;
    ``beams``: 1 is no beam search; ``memory_bytes``: how much the keys and values of a batch may take.
    """

    ends: tuple[int, ...]
    longest: int
    temperature: float = 0.0
    beams: int = 1
    memory_bytes: int = 4 << 30


class Engine(Protocol):
    """A loaded model."""

    limits: GenerationLimits

    def fits(self, prompt_lengths: Sequence[int]) -> bool:
        """Whether prompts of these lengths can be one batch; a function of lengths and limits alone, so that batches are the
        same on every machine."""
        ...

    def complete(
        self, prompts: Sequence[list[int]], seeds: Sequence[int], settled: Settled | None = None
    ) -> list[list[int]]:
        """The tokens after each prompt: up to and with the first end token, or the longest output without one.

        A row that is ``settled`` needs no further token; an engine may write some, and one that searches with beams does.

        ``seeds`` (one a prompt, 32 bits) decide what is drawn where the temperature is above 0: the same text for the same
        prompt and seed, whatever stands beside it in the batch.
        """
        ...


def up_to_end(row: list[int], ends: Sequence[int]) -> list[int]:
    """A row up to and with its first end token; all of it where there is none."""
    return next((row[: index + 1] for index, number in enumerate(row) if number in ends), row)
