"""Engines: what writes the tokens that follow a prompt, greedily; the same call and the same records for all of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from gradus.errors import UserError


class Engine(Protocol):
    """A loaded model; ``ends`` are the tokens that end an answer."""

    ends: tuple[int, ...]

    def complete(self, prompts: Sequence[list[int]]) -> list[list[int]]:
        """The tokens after each prompt: up to and with the first end token, or the longest output without one."""
        ...


class TransformersEngine:
    """transformers' ``generate``: one padded batch a call, on the GPU where there is one."""

    def __init__(self, weights: Path, ends: Sequence[int], pad_id: int, longest: int, threads: int) -> None:
        import torch
        from transformers import AutoModelForCausalLM
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
        torch.set_num_threads(threads)
        self.ends = tuple(ends)
        self._pad, self._longest = pad_id, longest
        self._model: Any = AutoModelForCausalLM.from_pretrained(str(weights), local_files_only=True)
        self._model.eval().to("cuda" if torch.cuda.is_available() else "cpu")

    def complete(self, prompts: Sequence[list[int]]) -> list[list[int]]:
        """See Engine; the prompts are padded on the left."""
        import torch

        width = max(len(ids) for ids in prompts)
        rows = [[self._pad] * (width - len(ids)) + ids for ids in prompts]
        mask = [[0] * (width - len(ids)) + [1] * len(ids) for ids in prompts]
        with torch.inference_mode():
            output = self._model.generate(
                input_ids=torch.tensor(rows, device=self._model.device),
                attention_mask=torch.tensor(mask, device=self._model.device),
                max_new_tokens=self._longest,
                do_sample=False,
                eos_token_id=list(self.ends),
                pad_token_id=self._pad,
            )
        return [up_to_end(row, self.ends) for row in output[:, width:].tolist()]


class VllmEngine:
    """vLLM, batch-invariant: what it writes for a prompt does not depend on the prompts beside it (GPU; an own environment)."""

    def __init__(self, weights: Path, ends: Sequence[int], longest: int) -> None:
        os.environ.setdefault("VLLM_BATCH_INVARIANT", "1")  # read when vllm is imported
        try:
            from vllm import LLM, SamplingParams
        except ImportError as error:
            raise UserError(
                f"a decoding with engine: vllm needs vLLM: {error}",
                hint="run with --sdm conda, or name its Python as interpreters.generate-vllm (docs/cluster.md)",
            ) from None
        self.ends = tuple(ends)
        self._model: Any = LLM(model=str(weights), skip_tokenizer_init=True, seed=0)
        self._sampling = SamplingParams(
            temperature=0.0, max_tokens=longest, stop_token_ids=list(self.ends), ignore_eos=False, detokenize=False
        )

    def complete(self, prompts: Sequence[list[int]]) -> list[list[int]]:
        """See Engine."""
        asked = [{"prompt_token_ids": ids} for ids in prompts]
        outputs = self._model.generate(asked, self._sampling, use_tqdm=False)
        return [up_to_end(list(output.outputs[0].token_ids), self.ends) for output in outputs]


def up_to_end(row: list[int], ends: Sequence[int]) -> list[int]:
    """A row up to and with its first end token; all of it where there is none."""
    return next((row[: place + 1] for place, number in enumerate(row) if number in ends), row)
