"""Fit: how natural a supervision's texts are to a base model, before it is trained on them.

Four numbers of the literature, each a mean over texts of a mean over tokens. The question is read and not scored:

- **surprisal**, the negative log-likelihood of a token in nats;
- **rank** of the token among all tokens, 1 being the likeliest, cut at ``RANK_LIMIT``;
- their ratio, the rank-surprisal ratio (RSR) of arXiv 2601.14249: texts that are unlikely as a whole, but made of tokens that
  the model ranks high, are said to teach most (a low ratio);
- **local surprisal** in the manner of arXiv 2510.03988: each step is read after the two steps before it alone (the first ones
  after the question, too).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from gradus.records import Example
from gradus.records.fits import Fit
from gradus.students.tokens import Tokens

RANK_LIMIT = 100  # as in the published program of arXiv 2601.14249
WINDOW = 2  # steps that a step is read after
# A step ends with a sentence or a line. A blank belongs to the next step, as tokenizers have it; a decimal point ends none.
_BETWEEN = re.compile(r"(?<=[.!?])(?= +[A-Z0-9(*#-])|(?<=\n)(?=[^\n])")
LOGITS = 2**28  # at a time: a gigabyte in fp32


@dataclass(frozen=True)
class Scored:
    """One text: its number of scored tokens, their mean surprisal in nats and their mean cut rank."""

    tokens: int
    surprisal: float
    rank: float


def steps(text: str) -> list[str]:
    """The steps of a rationale, which joined give the text again."""
    return [step for step in _BETWEEN.split(text) if step]


def whole_rows(examples: Sequence[Example], tokens: Tokens) -> list[tuple[list[int], int]]:
    """The ids of each example, prompt first, without the end token; and the number of ids that are only read."""
    rows = []
    for example in examples:
        prompt = tokens.encode(example.prompt)
        rows.append(([*prompt, *tokens.encode(example.completion)], len(prompt)))
    return rows


def local_rows(example: Example, tokens: Tokens) -> list[tuple[list[int], int]]:
    """The same for each step of one example, after the steps before it that are in the window."""
    parts = [tokens.encode(step) for step in steps(example.completion)]
    rows = []
    for index, part in enumerate(parts):
        read = [number for earlier in parts[max(0, index - WINDOW) : index] for number in earlier]
        if index < WINDOW:
            read = [*tokens.encode(example.prompt), *read]
        if part:
            rows.append(([*read, *part], len(read)))
    return rows


def score(model: Any, rows: Sequence[tuple[list[int], int]], pad_id: int) -> list[Scored]:
    """Surprisal and rank of the scored tokens of each row, in the order of ``rows``; an empty text has surprisal 0, rank 1."""
    vocabulary = int(model.get_input_embeddings().weight.size(0))
    found: dict[int, Scored] = {}
    for batch in batches([len(ids) for ids, _ in rows], max(1, LOGITS // vocabulary)):
        width = max(len(rows[index][0]) for index in batch)
        ids = torch.full((len(batch), width), pad_id)
        for line, index in enumerate(batch):
            ids[line, : len(rows[index][0])] = torch.tensor(rows[index][0])
        ids = ids.to(model.device)
        with torch.inference_mode():  # right padding needs no mask: no token sees what follows it
            logits = model(input_ids=ids, use_cache=False).logits
            for line, index in enumerate(batch):
                numbers, read = rows[index]
                last = len(numbers) - 1
                found[index] = _scored(logits[line, read - 1 : last].float(), ids[line, read : last + 1])
    return [found[index] for index in range(len(rows))]


def _scored(logits: torch.Tensor, targets: torch.Tensor) -> Scored:
    if not len(targets):
        return Scored(0, 0.0, 1.0)
    own = logits.gather(1, targets[:, None])
    surprisals = torch.logsumexp(logits, dim=1, keepdim=True) - own
    ranks = (1 + (logits > own).sum(dim=1)).clamp(max=RANK_LIMIT)
    return Scored(len(targets), float(surprisals.double().mean()), float(ranks.double().mean()))


def fit(whole: Sequence[Scored], local: Sequence[Sequence[Scored]]) -> Fit:
    """The means over texts; ``local`` has the steps of each text, which count by their tokens."""
    surprisals = [one.surprisal for one in whole]
    ranks = [one.rank for one in whole]
    locals_ = [_by_tokens(parts) for parts in local]
    surprisal, rank = _mean(surprisals), _mean(ranks)
    return Fit(
        texts=len(whole),
        tokens=sum(one.tokens for one in whole),
        surprisal=surprisal,
        surprisal_se=_standard_error(surprisals),
        rank=rank,
        rsr=rank / max(surprisal, 1e-12),
        local_surprisal=_mean(locals_),
        local_surprisal_se=_standard_error(locals_),
    )


def _by_tokens(parts: Sequence[Scored]) -> float:
    count = sum(part.tokens for part in parts)
    return sum(part.tokens * part.surprisal for part in parts) / count if count else 0.0


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _standard_error(values: Sequence[float]) -> float:
    if len(values) < 2:
        return 0.0
    middle = _mean(values)
    return math.sqrt(math.fsum((value - middle) ** 2 for value in values) / (len(values) - 1) / len(values))


def batches(lengths: Sequence[int], most: int) -> Iterator[list[int]]:
    """Places in ``lengths``, of similar length, whose padded size stays within ``most`` tokens where one alone does."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda index: lengths[index]):
        if batch and lengths[index] * (len(batch) + 1) > most:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
