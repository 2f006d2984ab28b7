"""The engine for any machine: batches of transformers' models, a step at a time, finished rows leaving the batch early."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForCausalLM, GenerationConfig
from transformers.utils.logging import disable_progress_bar

from gradus.evaluation.engines import GenerationLimits, Settled, up_to_end
from gradus.runtime.errors import UserError
from gradus.students.caches import cache_kind, cache_name, join

# Rows are taken out of the batch when a quarter of them has ended: each time the cache is copied.
_KEEP_WHILE = 0.75
# Prompts are read in groups of similar length: at most this share of a group is padding, and so many tokens are in it.
_MOST_PADDING = 0.1
_GROUP_TOKENS = 16_384


def load_model(weights: Path, threads: int) -> Any:
    """The model of a folder, on the GPU where there is one; no setting of its own for generation is left in it.

    transformers fills what a call does not say from the model's `generation_config.json`: penalties, forced and forbidden
    tokens, further end tokens of a base model. How texts are written is the study file's to say.
    """
    disable_progress_bar()
    torch.set_num_threads(threads)
    model: Any = AutoModelForCausalLM.from_pretrained(str(weights), local_files_only=True)
    model.generation_config = GenerationConfig()
    return model.eval().to("cuda" if torch.cuda.is_available() else "cpu")


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


def equal_groups(lengths: Sequence[int]) -> list[range]:
    """Neighbours in ``lengths``, which rise, of one length: read together without any padding."""
    found: list[range] = []
    for index, length in enumerate(lengths):
        if found and length == lengths[found[-1].start] and length * (len(found[-1]) + 1) <= _GROUP_TOKENS:
            found[-1] = range(found[-1].start, index + 1)
        else:
            found.append(range(index, index + 1))
    return found


def rotary_switch(config: Any) -> int | None:
    """The length of a text at which a model turns its positions differently (LongRoPE, arXiv 2402.13753); None for others.

    The longest row of a batch decides for all rows, and what was read before has to be read again.
    """
    rotary = getattr(config.get_text_config(), "rope_parameters", None) or {}
    kinds = [rotary, *(one for one in rotary.values() if isinstance(one, dict))]
    lengths = [one.get("original_max_position_embeddings") for one in kinds if one.get("rope_type") == "longrope"]
    return min((length for length in lengths if length is not None), default=None)


class StepwiseEngine:
    """Left-padded batches; greedy, drawn at a temperature, or beam search (transformers' own)."""

    def __init__(self, weights: Path, limits: GenerationLimits, pad_id: int, largest: int, threads: int) -> None:
        self.limits = limits
        self._pad, self._largest = pad_id, largest
        self._model = load_model(weights, threads)
        self._positions = "position_ids" in inspect.signature(self._model.forward).parameters
        self._kind, self._cache = cache_kind(self._model), cache_name(self._model)
        self._switch = rotary_switch(self._model.config)
        # Logits of one position, in fp32 and sorted once more where tokens are drawn.
        logits = self._model.config.get_text_config().vocab_size * 4 * (3 if limits.temperature else 1)
        self._row_bytes = logits + self._kind.row_bytes

    def fits(self, prompt_lengths: Sequence[int]) -> bool:
        """See Engine."""
        width = max(prompt_lengths) + self.limits.longest
        row = self._row_bytes + self._kind.token_bytes * width
        if len(prompt_lengths) > 1 and self._may_switch(max(prompt_lengths)):
            return False
        rows = len(prompt_lengths) * self.limits.beams
        return len(prompt_lengths) <= self._largest and rows * row <= self.limits.memory_bytes

    @torch.inference_mode()
    def complete(
        self, prompts: Sequence[list[int]], seeds: Sequence[int], settled: Settled | None = None
    ) -> list[list[int]]:
        """See Engine."""
        order = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
        written: dict[int, list[int]] = {}
        for part in self._parts([len(prompts[index]) for index in order]):
            rows = [order[index] for index in part]
            asked = [prompts[index] for index in rows]
            if self.limits.beams > 1 or self._may_switch(len(asked[-1])):
                made = self._search(*self._padded(asked))
            else:
                made = self._step_by_step(asked, self._draws([seeds[index] for index in rows]), settled)
            written.update(zip(rows, made, strict=True))
        return [written[index] for index in range(len(prompts))]

    def _parts(self, lengths: Sequence[int]) -> list[range]:
        """What of a batch, shortest first, is written together: all that the model's cache allows."""
        steady = sum(not self._may_switch(length) for length in lengths)
        together = self._kind.padded if self.limits.beams > 1 else self._kind.joined
        parts = [range(steady)] if together and steady else equal_groups(lengths[:steady])
        return [*parts, *(range(index, index + 1) for index in range(steady, len(lengths)))]

    def _may_switch(self, length: int) -> bool:
        """Whether a prompt so long, or what is written after it, may pass the model's rotary switch.

        Such a prompt is written alone, by transformers' own generate, which reads it again when it passes.
        """
        switches = self._switch is not None and length + self.limits.longest > self._switch
        if switches and self.limits.temperature:
            raise UserError(
                f"texts of more than {self._switch} tokens cannot be drawn from {type(self._model).__name__}: it turns its "
                "positions differently from there on",
                hint="use temperature: 0, a smaller max_new_tokens, or engine: vllm",
            )
        return switches

    def _padded(self, prompts: Sequence[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Prompts filled up on the left, and where they are filled."""
        width = max(len(ids) for ids in prompts)
        ids = torch.tensor([[self._pad] * (width - len(prompt)) + prompt for prompt in prompts])
        mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts])
        return ids.to(self._model.device), mask.to(self._model.device)

    def _step_by_step(
        self, prompts: Sequence[list[int]], draws: torch.Tensor | None, settled: Settled | None
    ) -> list[list[int]]:
        """The tokens after prompts that rise in length."""
        written: list[list[int]] = [[] for _ in prompts]
        rows = list(range(len(prompts)))
        logits, cache, mask = self._read(prompts)
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
            if settled is not None:
                over = [bool(done) or settled(written[row]) for row, done in zip(rows, ended.tolist(), strict=True)]
                ended = torch.tensor(over, device=ended.device)
            left = int((~ended).sum())
            if not left or step == self.limits.longest:
                break
            if left <= _KEEP_WHILE * len(rows):
                keep = torch.nonzero(~ended).squeeze(1)
                cache.reorder_cache(keep)
                chosen, mask, ended = chosen[keep], mask[keep], ended[keep]
                draws = None if draws is None else draws[keep]
                rows = [rows[index] for index in keep.tolist()]
            out = self._forward(chosen[:, None], mask[:, : width + step], cache)
            chosen = self._choose(out.logits[:, -1], None if draws is None else draws[:, step])
        return written

    def _read(self, prompts: Sequence[list[int]]) -> tuple[torch.Tensor, Any, torch.Tensor]:
        """The prompts, which rise in length, read in groups: their last logits, one cache, and one mask."""
        width = len(prompts[-1])
        lengths = [len(ids) for ids in prompts]
        parts = []
        for group in groups(lengths) if self._kind.padded else equal_groups(lengths):
            ids, mask = self._padded([prompts[index] for index in group])
            out = self._forward(ids, mask, None)
            parts.append((out.logits[:, -1], out[self._cache], mask))
        cache = join([part for _, part, _ in parts], width) if self._kind.joined else parts[0][1]
        masks = [torch.nn.functional.pad(mask, (width - mask.shape[1], 0)) for *_, mask in parts]
        return torch.cat([logits for logits, *_ in parts]), cache, torch.cat(masks)

    def _forward(self, ids: torch.Tensor, mask: torch.Tensor, cache: Any) -> Any:
        arguments: dict[str, object] = {self._cache: cache, **self._position_ids(mask, ids.shape[1])}
        if self._kind.token_bytes:  # a model without keys has nothing to hide: its rows are read without padding
            arguments["attention_mask"] = mask
        return self._model(input_ids=ids, use_cache=True, logits_to_keep=1, **arguments)

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
        config = GenerationConfig(
            max_new_tokens=self.limits.longest,
            num_beams=self.limits.beams,
            do_sample=False,
            eos_token_id=list(self.limits.ends),
            pad_token_id=self._pad,
        )
        output = self._model.generate(input_ids=ids, attention_mask=mask, generation_config=config)
        return [up_to_end(row, self.limits.ends) for row in output[:, ids.shape[1] :].tolist()]
