"""Inputs: the tensors of one micro-batch, padded or laid end to end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

IGNORED = -100


@dataclass(frozen=True)
class Inputs:
    """One forward pass.

    ``ids`` [rows, tokens]; ``positions`` likewise, None where they simply count; ``labels`` likewise: at each position the
    token to be predicted *from* it, IGNORED where none is learned; ``weights`` likewise: what each target counts in the
    loss, None where all count one; ``ends`` likewise: whether the target is the token that ends an
    answer (the last one of its sample, unless the sample was cut). ``lengths``: of the samples of a row where several lie end
    to end, else None.
    """

    ids: torch.Tensor
    positions: torch.Tensor | None
    labels: torch.Tensor
    weights: torch.Tensor | None
    ends: torch.Tensor
    lengths: tuple[int, ...] | None = None

    def to(self, device: torch.device | str) -> Inputs:
        """The same on a device."""
        moved = (one.to(device) if isinstance(one, torch.Tensor) else one for one in vars(self).values())
        return Inputs(*moved)  # type: ignore[arg-type]


def target_count(length: int, prompt_length: int) -> int:
    """How many tokens of a sample are learned: those after its prompt (the very first token has nothing before it)."""
    return length - max(1, prompt_length)


def make_inputs(
    micro: Sequence[int],
    tokens: Sequence[Sequence[int]],
    prompt_lengths: Sequence[int],
    *,
    pad_id: int,
    end_id: int,
    flat: bool,
    weights_of: Callable[[int], Sequence[float]] | None = None,
) -> Inputs:
    """The samples ``micro`` as right-padded rows, or ``flat`` as one row whose positions begin anew with each sample.

    ``weights_of``: what each target of a sample counts in the loss; None where all count one. An empty micro-batch (another
    rank has one more) is two tokens without a target. ``end_id`` is the token that ends an answer.
    """
    rows = [list(tokens[i]) for i in micro] or [[pad_id, pad_id]]
    firsts = [max(1, prompt_lengths[i]) for i in micro] or [2]
    width = sum(map(len, rows)) if flat else max(map(len, rows))
    shape = (1, width) if flat else (len(rows), width)
    ids = torch.full(shape, pad_id)
    positions = torch.zeros(shape, dtype=torch.long) if flat else None
    labels = torch.full(shape, IGNORED)
    weights = None if weights_of is None else torch.zeros(shape)
    ends = torch.zeros(shape, dtype=torch.bool)
    start = 0
    for number, (row, first) in enumerate(zip(rows, firsts, strict=True)):
        line = 0 if flat else number
        whole = slice(start, start + len(row))
        targets = slice(start + first - 1, start + len(row) - 1)
        ids[line, whole] = torch.tensor(row)
        labels[line, targets] = torch.tensor(row[first:], dtype=torch.long)
        if positions is not None:
            positions[line, whole] = torch.arange(len(row))
        if micro:
            ends[line, start + len(row) - 2] = len(row) > first and row[-1] == end_id
            if weights is not None and weights_of is not None:
                weights[line, targets] = torch.tensor(weights_of(micro[number]))
        start += len(row) if flat else 0
    lengths = tuple(map(len, rows)) if flat else None
    return Inputs(ids, positions, labels, weights, ends, lengths)
