"""Text scores: loss and entropy of every word of a rationale under a base model, which reads the question first."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

import torch

from gradus.records import Annotation, Problem
from gradus.records.text_scores import TextScore
from gradus.students.fit import LOGITS, batches
from gradus.students.templates import Template
from gradus.students.tokens import Tokens
from gradus.teachers.transforms.steps import split_words


def score_texts(
    model: Any, annotations: Sequence[Annotation], problems: Mapping[str, Problem], template: Template, tokens: Tokens
) -> list[TextScore]:
    """The scores of every annotation, in their order. A token counts for the word in which it ends."""
    rows = []
    for row in annotations:
        prompt, taught = tokens.encode(template.prompt(problems[row.problem_id])), f"{template.lead}{row.rationale}"
        rows.append((prompt, tokens.encode(taught), [end - len(template.lead) for end in tokens.ends(taught)]))
    vocabulary = int(model.get_input_embeddings().weight.size(0))
    found: dict[int, TextScore] = {}
    for batch in batches([len(prompt) + len(ids) for prompt, ids, _ in rows], max(1, LOGITS // vocabulary)):
        width = max(len(rows[index][0]) + len(rows[index][1]) for index in batch)
        ids = torch.full((len(batch), width), tokens.pad_id)
        for line, index in enumerate(batch):
            text = [*rows[index][0], *rows[index][1]]
            ids[line, : len(text)] = torch.tensor(text)
        ids = ids.to(model.device)
        with torch.inference_mode():  # right padding needs no mask: no token sees what follows it
            logits = model(input_ids=ids, use_cache=False).logits
            for line, index in enumerate(batch):
                prompt, text, ends = rows[index]
                read, last = len(prompt), len(prompt) + len(text)
                measured = _measured(logits[line, read - 1 : last - 1].float(), ids[line, read:last])
                found[index] = _by_word(annotations[index], ends, *measured)
    return [found[index] for index in range(len(rows))]


def _measured(logits: torch.Tensor, targets: torch.Tensor) -> tuple[list[float], list[float]]:
    """Loss and entropy of each token."""
    if not len(targets):
        return [], []
    logs = torch.log_softmax(logits, dim=1)
    losses = -logs.gather(1, targets[:, None])[:, 0]
    entropies = -(logs.exp() * logs).sum(dim=1)
    return losses.tolist(), entropies.tolist()


def _by_word(row: Annotation, ends: Sequence[int], losses: Sequence[float], entropies: Sequence[float]) -> TextScore:
    """Sums over the tokens of each word. Six decimals: the last bits differ between machines."""
    starts = list(accumulate((len(word) for word in split_words(row.rationale)), initial=_leading(row.rationale)))[:-1]
    counts, loss, entropy = [0] * len(starts), [0.0] * len(starts), [0.0] * len(starts)
    for end, one, other in zip(ends, losses, entropies, strict=True):
        word = max(0, bisect_right(starts, max(0, end - 1)) - 1)
        if starts:
            counts[word] += 1
            loss[word] += one
            entropy[word] += other
    sums = (tuple(round(value, 6) for value in values) for values in (loss, entropy))
    return TextScore(row.problem_id, row.sample, row.attempt, tuple(counts), *sums)


def _leading(text: str) -> int:
    return len(text) - len(text.lstrip())
