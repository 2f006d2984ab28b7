"""The engine for any machine: batches of transformers' models, a step at a time, finished rows leaving the batch early."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForCausalLM
from transformers.utils.logging import disable_progress_bar

from gradus.evaluation.engines import GenerationLimits, up_to_end

# Rows are taken out of the batch when a quarter of them has ended: each time the cache is copied.
_KEEP_WHILE = 0.75
# Prompts are read in groups of similar length: at most this share of a group is padding, and so many tokens are in it.
_MOST_PADDING = 0.1
_GROUP_TOKENS = 16_384


def load_model(weights: Path, threads: int) -> Any:
    """The model of a folder, on the GPU where there is one."""
    disable_progress_bar()
    torch.set_num_threads(threads)
    model: Any = AutoModelForCausalLM.from_pretrained(str(weights), local_files_only=True)
    return model.eval().to("cuda" if torch.cuda.is_available() else "cpu")


def cache_bytes_per_token(config: Any, element_bytes: int) -> int:
    """What the keys and values of one token take over all layers."""
    heads = config.num_attention_heads
    kept = getattr(config, "num_key_value_heads", None) or heads
    width = getattr(config, "head_dim", None) or config.hidden_size // heads
    return int(2 * config.num_hidden_layers * kept * width * element_bytes)


def groups(lengths: Sequence[int]) -> list[range]:
    """Neighbours in ``lengths``, which rise, that are read together with little padding."""
    found: list[range] = []
    start = total = 0
    for index, length in enumerate(lengths):
        area = length * (index - start + 1)
        if index > start and (area - total - length > _MOST_PADDING * area or area > _GROUP_TOKENS):
            found.append(range(start, index))
            start, total = index, 0
        total += length
    return [*found, range(start, len(lengths))]


def _filled(cached: torch.Tensor, by: int) -> torch.Tensor:
    """Keys or values [rows, heads, tokens, width] with empty tokens before them, which the mask hides."""
    return torch.nn.functional.pad(cached, (0, 0, by, 0)) if by else cached


class StepwiseEngine:
    """Left-padded batches; greedy, drawn at a temperature, or beam search (transformers' own)."""

    def __init__(self, weights: Path, limits: GenerationLimits, pad_id: int, largest: int, threads: int) -> None:
        self.limits = limits
        self._pad, self._largest = pad_id, largest
        self._model = load_model(weights, threads)
        self._positions = "position_ids" in inspect.signature(self._model.forward).parameters
        element = self._model.dtype.itemsize
        self._token_bytes = cache_bytes_per_token(self._model.config, element)
        # Logits of one position, in fp32 and sorted once more where tokens are drawn.
        self._row_bytes = self._model.config.vocab_size * 4 * (3 if limits.temperature else 1)

    def fits(self, prompt_lengths: Sequence[int]) -> bool:
        """See Engine."""
        width = max(prompt_lengths) + self.limits.longest
        row = self._row_bytes + self._token_bytes * width
        rows = len(prompt_lengths) * self.limits.beams
        return len(prompt_lengths) <= self._largest and rows * row <= self.limits.memory_bytes

    @torch.inference_mode()
    def complete(self, prompts: Sequence[list[int]], seeds: Sequence[int]) -> list[list[int]]:
        """See Engine."""
        if self.limits.beams > 1:
            return self._search(*self._padded(prompts))
        return self._step_by_step(prompts, self._draws(seeds))

    def _padded(self, prompts: Sequence[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Prompts filled up on the left, and where they are filled."""
        width = max(len(ids) for ids in prompts)
        ids = torch.tensor([[self._pad] * (width - len(one)) + one for one in prompts])
        mask = torch.tensor([[0] * (width - len(one)) + [1] * len(one) for one in prompts])
        return ids.to(self._model.device), mask.to(self._model.device)

    def _step_by_step(self, prompts: Sequence[list[int]], draws: torch.Tensor | None) -> list[list[int]]:
        written: list[list[int]] = [[] for _ in prompts]
        rows, logits, cache, mask = self._read(prompts)
        draws = None if draws is None else draws[rows]
        ends = torch.tensor(self.limits.ends, device=mask.device)
        width = mask.shape[1]
        mask = torch.nn.functional.pad(mask, (0, self.limits.longest), value=1)
        ended = torch.zeros(len(rows), dtype=torch.bool, device=mask.device)
        chosen = self._choose(logits, None if draws is None else draws[:, 0])
        for step in range(1, self.limits.longest + 1):
            for row, token, over in zip(rows, chosen.tolist(), ended.tolist(), strict=True):
                if not over:
                    written[row].append(token)
            ended |= torch.isin(chosen, ends)
            left = int((~ended).sum())
            if not left or step == self.limits.longest:
                break
            if left <= _KEEP_WHILE * len(rows):
                keep = torch.nonzero(~ended).squeeze(1)
                cache.batch_select_indices(keep)
                chosen, mask, ended = chosen[keep], mask[keep], ended[keep]
                draws = None if draws is None else draws[keep]
                rows = [rows[index] for index in keep.tolist()]
            out = self._forward(chosen[:, None], mask[:, : width + step], cache)
            chosen = self._choose(out.logits[:, -1], None if draws is None else draws[:, step])
        return written

    def _read(self, prompts: Sequence[list[int]]) -> tuple[list[int], torch.Tensor, Any, torch.Tensor]:
        """The prompts, shortest first, read in groups: their order, last logits, keys and values, and mask of one width."""
        order = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
        width = len(prompts[order[-1]])
        parts = []
        for group in groups([len(prompts[index]) for index in order]):
            ids, mask = self._padded([prompts[order[index]] for index in group])
            out = self._forward(ids, mask, None)
            parts.append((out.logits[:, -1], out.past_key_values, mask))
        cache = parts[0][1]
        for number, layer in enumerate(cache.layers):
            for name in ("keys", "values"):
                kept = [getattr(part.layers[number], name) for _, part, _ in parts]
                setattr(layer, name, torch.cat([_filled(one, width - one.shape[2]) for one in kept]))
        masks = [torch.nn.functional.pad(mask, (width - mask.shape[1], 0)) for *_, mask in parts]
        return order, torch.cat([logits for logits, *_ in parts]), cache, torch.cat(masks)

    def _forward(self, ids: torch.Tensor, mask: torch.Tensor, cache: Any) -> Any:
        return self._model(
            input_ids=ids,
            attention_mask=mask,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
            **self._position_ids(mask, ids.shape[1]),
        )

    def _position_ids(self, mask: torch.Tensor, new: int) -> dict[str, torch.Tensor]:
        """Counted from each row's first token; models without such an input (BLOOM) count by the mask themselves."""
        if not self._positions:
            return {}
        if new == 1 and mask.shape[1] > 1:
            return {"position_ids": mask.sum(dim=1, keepdim=True) - 1}
        return {"position_ids": (mask.cumsum(dim=1) - 1).clamp(min=0)[:, -new:]}

    def _choose(self, logits: torch.Tensor, draws: torch.Tensor | None) -> torch.Tensor:
        """The likeliest token of each row, or the one at the drawn point of the tempered distribution."""
        if draws is None:
            return logits.argmax(dim=-1)
        ordered, tokens = logits.float().sort(dim=-1, descending=True)
        below = (ordered / self.limits.temperature).softmax(dim=-1).double().cumsum(dim=-1)
        drawn = (below < draws[:, None] * below[:, -1:]).sum(dim=-1, keepdim=True)
        return tokens.gather(1, drawn.clamp(max=tokens.shape[1] - 1)).squeeze(1)

    def _draws(self, seeds: Sequence[int]) -> torch.Tensor | None:
        """A row of uniform numbers for every prompt, from its seed alone."""
        if not self.limits.temperature:
            return None
        drawn = [np.random.Generator(np.random.Philox(seed)).random(self.limits.longest) for seed in seeds]
        return torch.tensor(np.array(drawn), device=self._model.device)

    def _search(self, ids: torch.Tensor, mask: torch.Tensor) -> list[list[int]]:
        output = self._model.generate(
            input_ids=ids,
            attention_mask=mask,
            max_new_tokens=self.limits.longest,
            num_beams=self.limits.beams,
            do_sample=False,
            eos_token_id=list(self.limits.ends),
            pad_token_id=self._pad,
        )
        return [up_to_end(row, self.limits.ends) for row in output[:, ids.shape[1] :].tolist()]
