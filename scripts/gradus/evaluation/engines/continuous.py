"""transformers' continuous batching: prompts enter the batch as others leave it (fast on a GPU; rotary models only)."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from transformers import ContinuousBatchingConfig, GenerationConfig

from gradus.evaluation.engines import GenerationLimits, Settled, up_to_end
from gradus.evaluation.engines.stepwise import load_model
from gradus.runtime.errors import UserError
from gradus.students.caches import cache_kind

_PAGE_TOKENS = 256
_ROWS_AT_ONCE = 4096  # between two writes of the progress file


class ContinuousEngine:
    """Paged keys and values, greedy. What runs beside a prompt differs with timing, so the last bits may, too."""

    def __init__(self, weights: Path, limits: GenerationLimits, pad_id: int, threads: int) -> None:
        self.limits = limits
        self._pad = pad_id
        self._model: Any = load_model(weights, threads)
        if "position_ids" not in inspect.signature(self._model.forward).parameters:
            kind = type(self._model).__name__
            raise UserError(
                f"{kind} takes no positions, so its prompts cannot share one paged row",
                hint="engine: transformers writes its predictions",
            )
        self._kind = cache_kind(self._model)
        if not self._kind.padded:
            raise UserError(
                f"{type(self._model).__name__} keeps a state of what it has read, which has no pages",
                hint="engine: transformers writes its predictions",
            )

    def fits(self, prompt_lengths: Sequence[int]) -> bool:
        """See Engine; the pages are what is limited."""
        return len(prompt_lengths) <= _ROWS_AT_ONCE

    def complete(
        self, prompts: Sequence[list[int]], seeds: Sequence[int], settled: Settled | None = None
    ) -> list[list[int]]:
        """See Engine."""
        page = _PAGE_TOKENS * self._kind.token_bytes
        longest = -(-(max(map(len, prompts)) + self.limits.longest) // _PAGE_TOKENS)
        needed = sum(-(-(len(ids) + self.limits.longest) // _PAGE_TOKENS) for ids in prompts)
        pages = max(longest, min(needed, self.limits.memory_bytes // page))
        config = GenerationConfig(
            max_new_tokens=self.limits.longest,
            do_sample=False,
            eos_token_id=list(self.limits.ends),
            pad_token_id=self._pad,
        )
        done = self._model.generate_batch(
            [list(ids) for ids in prompts],
            generation_config=config,
            continuous_batching_config=ContinuousBatchingConfig(page_size=_PAGE_TOKENS, num_blocks=pages),
        )
        if len(done) < len(prompts) or any(row.error is not None for row in done.values()):
            reason = next((row.error for row in done.values() if row.error is not None), "requests were lost")
            raise RuntimeError(f"continuous batching failed: {reason}")
        rows = [done[f"req_{index}"] for index in range(len(prompts))]
        return [up_to_end(list(row.generated_tokens), self.limits.ends) for row in rows]
