"""vLLM, batch-invariant: what it writes for a prompt does not depend on the prompts beside it (GPU; an own environment)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gradus.evaluation.engines import GenerationLimits, Settled, up_to_end
from gradus.runtime.errors import UserError

_ROWS_AT_ONCE = 4096  # between two writes of the progress file


class VllmEngine:
    """vLLM's offline interface."""

    def __init__(self, weights: Path, limits: GenerationLimits) -> None:
        os.environ.setdefault("VLLM_BATCH_INVARIANT", "1")  # read when vllm is imported
        try:
            from vllm import LLM, SamplingParams
        except ImportError as error:
            raise UserError(
                f"a decoding with engine: vllm needs vLLM: {error}",
                hint="run with --sdm conda, or name its Python as interpreters.generate-vllm (docs/howto/cluster.md)",
            ) from None
        self.limits = limits
        # No sampling defaults from the model's generation_config.json, and below no end tokens from there.
        self._model: Any = LLM(model=str(weights), skip_tokenizer_init=True, seed=0, generation_config="vllm")
        self._sampling: Any = SamplingParams

    def fits(self, prompt_lengths: Sequence[int]) -> bool:
        """See Engine; vLLM sees to its memory itself."""
        return len(prompt_lengths) <= _ROWS_AT_ONCE

    def complete(
        self, prompts: Sequence[list[int]], seeds: Sequence[int], settled: Settled | None = None
    ) -> list[list[int]]:
        """See Engine."""
        requests = [{"prompt_token_ids": ids} for ids in prompts]
        sampling = [
            self._sampling(
                temperature=self.limits.temperature,
                max_tokens=self.limits.longest,
                stop_token_ids=list(self.limits.ends),
                ignore_eos=True,
                detokenize=False,
                seed=seed if self.limits.temperature else None,
            )
            for seed in seeds
        ]
        outputs = self._model.generate(requests, sampling, use_tqdm=False)
        return [up_to_end(list(output.outputs[0].token_ids), self.limits.ends) for output in outputs]
