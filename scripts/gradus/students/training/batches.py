"""Batches: a fixed number of samples per optimizer step, cut into micro-batches.

Within a step the order of samples does not matter to the gradient, so the samples of a step are sorted by length, dealt
to the ranks and cut where a micro-batch would pass a budget of tokens or a tenth of it would be padding; the step stays the
same set of samples at every level and format. The plan is a pure function of lengths and recipe; every rank computes all
of it. Packing to a fixed length would tie the samples per step to the length of the rationales, and is not offered.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from gradus.study.config.students import Recipe

MOST_PADDING = 0.1  # of a micro-batch, in layout `budgeted`


@dataclass(frozen=True)
class Step:
    """One optimizer step: per rank its micro-batches of example indices (equally many on all ranks, some maybe empty)."""

    micro_batches: tuple[tuple[tuple[int, ...], ...], ...]

    @property
    def samples(self) -> list[int]:
        """All example indices of the step, sorted."""
        return sorted(index for rank in self.micro_batches for micro in rank for index in micro)


def plan_steps(lengths: Sequence[int], recipe: Recipe, *, ranks: int, seed: int) -> list[Step]:
    """All steps of a training.

    ``lengths`` are tokens per example; of the recipe, ``batch_size``, ``epochs``, ``layout`` and its sizes are read. Each
    epoch is a fresh permutation; the last step of the training may be smaller and is kept. ValueError if there is nothing
    to train on.
    """
    total = round(len(lengths) * recipe.epochs)
    if total < 1:
        raise ValueError("nothing to train on")
    order: list[int] = []
    epoch = 0
    while len(order) < total:
        permutation = list(range(len(lengths)))
        random.Random(f"order/{seed}/{epoch}").shuffle(permutation)
        order += permutation
        epoch += 1
    size = recipe.batch_size
    chunks = [order[start : min(start + size, total)] for start in range(0, total, size)]
    return [_split(chunk, lengths, ranks, recipe) for chunk in chunks]


def plan_evaluation(samples: Sequence[int], lengths: Sequence[int], recipe: Recipe, *, ranks: int) -> Step:
    """The micro-batches in which the loss on some samples is computed, as if they were one step."""
    return _split(list(samples), lengths, ranks, recipe)


def evaluation_steps(samples: int, recipe: Recipe) -> frozenset[int]:
    """After which steps (counted from 1) of a training on so many samples its held-out loss is computed; none without any."""
    if recipe.validation is None:
        return frozenset()
    total, size = round(samples * recipe.epochs), recipe.batch_size
    last = math.ceil(total / size)
    if recipe.validation.every == "epoch":
        return frozenset([*(math.ceil(end / size) for end in range(samples, total + 1, samples)), last])
    return frozenset([*range(recipe.validation.every, last, recipe.validation.every), last])


def _split(chunk: list[int], lengths: Sequence[int], ranks: int, recipe: Recipe) -> Step:
    if recipe.layout == "padded":
        count = recipe.micro_batch_samples
        per_rank = [
            [tuple(mine[start : start + count]) for start in range(0, len(mine), count)]
            for mine in (chunk[rank::ranks] for rank in range(ranks))
        ]
    else:
        ordered = sorted(chunk, key=lambda index: (-lengths[index], index))
        budget, padded = recipe.micro_batch_tokens, recipe.layout == "budgeted"
        per_rank = [_cut(ordered[rank::ranks], lengths, budget, padded) for rank in range(ranks)]
    most = max(len(micro_batches) for micro_batches in per_rank)
    return Step(tuple(tuple(micro + [()] * (most - len(micro))) for micro in per_rank))


def _cut(samples: list[int], lengths: Sequence[int], budget: int, padded: bool) -> list[tuple[int, ...]]:
    """Cut samples (longest first) where their size, padded or not, would pass the budget, or padding its share of it.

    A sample beyond the budget stands alone.
    """
    micro_batches: list[tuple[int, ...]] = []
    current: list[int] = []
    total = 0
    for index in samples:
        tokens = total + lengths[index]
        size = lengths[current[0]] * (len(current) + 1) if current and padded else tokens
        if current and (size > budget or size - tokens > MOST_PADDING * size):
            micro_batches.append(tuple(current))
            current, total = [], 0
        current.append(index)
        total += lengths[index]
    return micro_batches + ([tuple(current)] if current else [])


def learning_rate(step: int, steps: int, recipe: Recipe) -> float:
    """The rate of a step (counted from 0): a linear warm-up, then what the schedule says of the share of steps behind it."""
    peak, floor = recipe.learning_rate, recipe.min_learning_rate
    warmup = round(steps * recipe.warmup_share)
    if step < warmup:
        return peak * (step + 1) / warmup
    if recipe.schedule == "constant":
        return peak
    left = max(1, steps - warmup)
    if recipe.schedule == "linear":
        return floor + (peak - floor) * (1 - (step - warmup) / left)
    return floor + (peak - floor) * 0.5 * (1 + math.cos(math.pi * (step - warmup) / left))
