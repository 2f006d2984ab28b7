"""What writes predictions: transformers for real, vLLM by a stand-in with the calls of its offline interface (0.33)."""

import sys
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import tiny_models

from gradus.engines import TransformersEngine, VllmEngine, up_to_end
from gradus.errors import UserError


@pytest.mark.parametrize(
    ("row", "expected"), [([5, 6, 2, 7], [5, 6, 2]), ([5, 6], [5, 6]), ([2, 2], [2]), ([], []), ([3, 9, 2], [3])]
)
def test_a_row_ends_with_its_first_end_token(row: list[int], expected: list[int]) -> None:
    assert up_to_end(row, (2, 3)) == expected


def test_without_vllm_the_message_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"interpreters\.generate-vllm"):
        VllmEngine(tmp_path, (2,), 8)


def test_both_engines_write_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prompts of different lengths, one of them alone and all of them together."""
    folder = tiny_models.make("llama", tmp_path)
    ends, longest = (2,), 6
    real = TransformersEngine(folder, ends, 0, longest, 1)
    prompts = [[5, 6, 7], [8], [9, 10, 11, 12, 13]]
    together = real.complete(prompts)
    assert together == [real.complete([ids])[0] for ids in prompts]
    assert all(len(row) <= longest for row in together)
    monkeypatch.setitem(sys.modules, "vllm", stand_in(real))
    assert VllmEngine(folder, ends, longest).complete(prompts) == together


def stand_in(real: TransformersEngine) -> types.ModuleType:
    """A module `vllm` that answers from another engine, and takes no other arguments than vLLM does."""

    class SamplingParams:
        def __init__(
            self,
            *,
            temperature: float,
            max_tokens: int,
            stop_token_ids: list[int],
            ignore_eos: bool,
            detokenize: bool,
        ) -> None:
            assert (temperature, max_tokens, stop_token_ids, ignore_eos, detokenize) == (0.0, 6, [2], False, False)

    class LLM:
        def __init__(self, model: str, *, skip_tokenizer_init: bool, seed: int) -> None:
            assert Path(model).is_dir() and skip_tokenizer_init and seed == 0

        def generate(self, prompts: Sequence[dict[str, Any]], sampling: Any, *, use_tqdm: bool) -> list[Any]:
            assert isinstance(sampling, SamplingParams) and not use_tqdm
            rows = real.complete([prompt["prompt_token_ids"] for prompt in prompts])
            return [
                types.SimpleNamespace(outputs=[types.SimpleNamespace(token_ids=tuple(row), finish_reason="stop")])
                for row in rows
            ]

    module = types.ModuleType("vllm")
    module.LLM, module.SamplingParams = LLM, SamplingParams  # type: ignore[attr-defined]
    return module
