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

from gradus.engines import Limits, up_to_end

# Rows are taken out of the batch when a quarter of them has ended: each time the cache is copied.
_KEEP_WHILE = 0.75


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


class StepwiseEngine:
    """Left-padded batches; greedy, drawn at a temperature, or beam search (transformers' own)."""

    def __init__(self, weights: Path, limits: Limits, pad_id: int, largest: int, threads: int) -> None:
        self.limits = limits
        self._pad, self._largest = pad_id, largest
        self._model = load_model(weights, threads)
        self._positions = "position_ids" in inspect.signature(self._model.forward).parameters
        element = self._model.dtype.itemsize
        self._token_bytes = cache_bytes_per_token(self._model.config, element)
        # Logits of one place, in fp32 and sorted once more where tokens are drawn.
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
        width = max(len(ids) for ids in prompts)
        device = self._model.device
        ids = torch.tensor([[self._pad] * (width - len(one)) + one for one in prompts], device=device)
        mask = torch.zeros(len(prompts), width + self.limits.longest, dtype=torch.long, device=device)
        for row, one in enumerate(prompts):
            mask[row, width - len(one) :] = 1
        if self.limits.beams > 1:
            return self._search(ids, mask[:, :width])
        return self._step_by_step(ids, mask, width, self._draws(seeds))

    def _step_by_step(
        self, ids: torch.Tensor, mask: torch.Tensor, width: int, draws: torch.Tensor | None
    ) -> list[list[int]]:
        written: list[list[int]] = [[] for _ in range(len(ids))]
        ends = torch.tensor(self.limits.ends, device=ids.device)
        rows = list(range(len(ids)))  # which prompt each row of the batch belongs to
        ended = torch.zeros(len(ids), dtype=torch.bool, device=ids.device)
        cache: Any = None
        for step in range(self.limits.longest):
            out = self._model(
                input_ids=ids,
                attention_mask=mask[:, : width + step],
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
                **self._position_ids(mask[:, : width + step], ids.shape[1]),
            )
            cache = out.past_key_values
            chosen = self._choose(out.logits[:, -1], None if draws is None else draws[:, step])
            for row, token, over in zip(rows, chosen.tolist(), ended.tolist(), strict=True):
                if not over:
                    written[row].append(token)
            ended |= torch.isin(chosen, ends)
            left = int((~ended).sum())
            if not left:
                break
            ids = chosen[:, None]
            if left <= _KEEP_WHILE * len(rows):
                keep = torch.nonzero(~ended).squeeze(1)
                cache.batch_select_indices(keep)
                ids, mask, ended = ids[keep], mask[keep], ended[keep]
                draws = None if draws is None else draws[keep]
                rows = [rows[place] for place in keep.tolist()]
        return written

    def _position_ids(self, mask: torch.Tensor, new: int) -> dict[str, torch.Tensor]:
        """Counted from each row's first token; models without such an input (BLOOM) count by the mask themselves."""
        if not self._positions:
            return {}
        if new == 1 and mask.shape[1] > 1:
            return {"position_ids": mask.sum(dim=1, keepdim=True) - 1}
        return {"position_ids": (mask.cumsum(dim=1) - 1).clamp(min=0)[:, -new:]}

    def _choose(self, logits: torch.Tensor, draws: torch.Tensor | None) -> torch.Tensor:
        """The likeliest token of each row, or the one at the drawn place of the tempered distribution."""
        if draws is None:
            return logits.argmax(dim=-1)
        ordered, tokens = logits.float().sort(dim=-1, descending=True)
        below = (ordered / self.limits.temperature).softmax(dim=-1).double().cumsum(dim=-1)
        place = (below < draws[:, None] * below[:, -1:]).sum(dim=-1, keepdim=True)
        return tokens.gather(1, place.clamp(max=tokens.shape[1] - 1)).squeeze(1)

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
