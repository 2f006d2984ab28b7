"""What writes predictions: transformers for real, vLLM by a stand-in with the calls of its offline interface (0.33)."""

import json
import shutil
import sys
import types
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM

from gradus.evaluation.engines import Engine, GenerationLimits, up_to_end
from gradus.evaluation.engines.continuous import ContinuousEngine
from gradus.evaluation.engines.stepwise import StepwiseEngine, groups
from gradus.evaluation.engines.vllm import VllmEngine
from gradus.runtime.errors import UserError
from gradus.students import architectures, tiny_models

PROMPTS = [[5, 6, 7], [8], [9, 10, 11, 12, 13], [20] * 30, [7, 7, 7, 7], [30, 31], [40, 41, 42], [50]]
SEEDS = list(range(len(PROMPTS)))


@pytest.fixture(scope="module", params=tiny_models.FAMILIES)
def family(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a head of its own and large weights: a small random model says its last token for ever."""
    folder = tmp_path_factory.mktemp(request.param)
    return tiny_models.make(request.param, folder, tie_word_embeddings=False, initializer_range=0.3)


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.make("llama", tmp_path_factory.mktemp("llama"))


def stepwise(folder: Path, longest: int = 24, ends: tuple[int, ...] = (2,), **limits: Any) -> StepwiseEngine:
    return StepwiseEngine(folder, GenerationLimits(ends, longest, **limits), 0, 64, 1)


@pytest.mark.parametrize(
    ("row", "expected"), [([5, 6, 2, 7], [5, 6, 2]), ([5, 6], [5, 6]), ([2, 2], [2]), ([], []), ([3, 9, 2], [3])]
)
def test_a_row_ends_with_its_first_end_token(row: list[int], expected: list[int]) -> None:
    assert up_to_end(row, (2, 3)) == expected


def test_without_vllm_the_message_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"interpreters\.generate-vllm"):
        VllmEngine(tmp_path, GenerationLimits((2,), 8))


def some_ends(folder: Path) -> tuple[int, ...]:
    """Tokens that the model writes soon for some prompts and late or never for others."""
    rows = stepwise(folder, ends=()).complete(PROMPTS, SEEDS)
    spread = {token: {row.index(token) for row in rows if token in row} for row in rows for token in row}
    return tuple(sorted(spread, key=lambda token: (-len(spread[token]), token))[:2])


def test_rows_leave_the_batch_and_the_rest_is_not_disturbed(family: Path) -> None:
    """Each prompt alone, all together, and transformers' own generate write the same; ends come at different steps."""
    ends = some_ends(family)
    engine = stepwise(family, ends=ends)
    sizes = []
    forward = engine._model.forward

    def watched(**told: Any) -> Any:
        sizes.append(len(told["input_ids"]))
        return forward(**told)

    engine._model.forward = watched
    together = engine.complete(PROMPTS, SEEDS)
    assert len({len(row) for row in together}) > 1, "the case must have early and late rows"
    assert sizes[-1] < max(sizes), "ended rows must leave the batch"
    engine._model.forward = forward
    assert together == [engine.complete([ids], [0])[0] for ids in PROMPTS]
    model = AutoModelForCausalLM.from_pretrained(family).eval()
    for ids, row in zip(PROMPTS, together, strict=True):
        told = {"max_new_tokens": 24, "do_sample": False, "eos_token_id": list(ends), "pad_token_id": 0}
        with torch.inference_mode():
            plain = model.generate(torch.tensor([ids]), attention_mask=torch.ones(1, len(ids)).long(), **told)
        assert row == plain[0, len(ids) :].tolist()


def test_draws_depend_on_the_seed_alone(family: Path) -> None:
    """Not on the batch, and not on the order of it."""
    engine = stepwise(family, temperature=1.0)
    together = engine.complete(PROMPTS, SEEDS)
    assert engine.complete(PROMPTS[::-1], SEEDS[::-1]) == together[::-1]
    assert [engine.complete([ids], [seed])[0] for ids, seed in zip(PROMPTS, SEEDS, strict=True)] == together
    same_prompt = engine.complete([PROMPTS[0]] * 8, SEEDS)
    assert len({tuple(row) for row in same_prompt}) > 4


def test_draws_follow_the_distribution(llama: Path) -> None:
    """The first token over many seeds against the model's own probabilities."""
    engine = stepwise(llama, longest=1, temperature=0.7)
    drawn = Counter(row[0] for row in engine.complete([[5, 6, 7]] * 4000, range(4000)))
    with torch.inference_mode():
        logits = engine._model(torch.tensor([[5, 6, 7]])).logits[0, -1]
    chances = (logits / 0.7).softmax(-1)
    for token in chances.topk(5).indices.tolist():
        expected = float(chances[token])
        assert drawn[token] / 4000 == pytest.approx(expected, abs=4 * (expected / 4000) ** 0.5)


def test_beams_find_what_is_at_least_as_likely(llama: Path) -> None:
    greedy, beams = stepwise(llama, longest=6), stepwise(llama, longest=6, beams=4)

    def likelihood(ids: list[int], row: list[int]) -> float:
        with torch.inference_mode():
            scores = greedy._model(torch.tensor([ids + row])).logits[0].log_softmax(-1)
        return sum(float(scores[len(ids) + index - 1, token]) for index, token in enumerate(row))

    for ids in PROMPTS[:4]:
        one, other = greedy.complete([ids], [0])[0], beams.complete([ids], [0])[0]
        assert likelihood(ids, other) >= likelihood(ids, one) - 1e-4


@given(st.lists(st.integers(1, 400), min_size=1, max_size=80))
def test_prompts_are_read_in_groups_with_little_padding(lengths: list[int]) -> None:
    lengths.sort()
    found = groups(lengths)
    assert [index for group in found for index in group] == list(range(len(lengths)))
    for group in found:
        area = len(group) * lengths[group[-1]]
        assert len(group) == 1 or (area - sum(lengths[index] for index in group) <= 0.1 * area and area <= 16_384)


def test_a_batch_fits_its_memory_budget(llama: Path) -> None:
    wide = stepwise(llama, memory_bytes=1 << 40)
    assert wide.fits([10] * 64) and not wide.fits([10] * 65), "batch_size is the most"
    narrow = stepwise(llama, memory_bytes=200_000)
    most = max(count for count in range(1, 65) if narrow.fits([10] * count))
    assert 1 <= most < 64
    assert max([count for count in range(1, 65) if narrow.fits([400] * count)], default=0) < most


def test_vllm_is_asked_as_its_interface_wants(llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = stepwise(llama, longest=6)
    monkeypatch.setitem(sys.modules, "vllm", stand_in(real))
    assert VllmEngine(llama, GenerationLimits((2,), 6)).complete(PROMPTS, SEEDS) == real.complete(PROMPTS, SEEDS)


def test_continuous_batching_writes_the_same(llama: Path) -> None:
    limits = GenerationLimits((2,), 12, memory_bytes=1 << 20)
    engine = ContinuousEngine(llama, limits, 0, 1)
    assert engine.complete(PROMPTS, SEEDS) == stepwise(llama, longest=12).complete(PROMPTS, SEEDS)


LEAKS: dict[str, dict[str, Any]] = {
    "penalties": {"repetition_penalty": 1.3, "no_repeat_ngram_size": 2, "length_penalty": 0.1},
    "several": {"num_return_sequences": 2, "do_sample": True, "temperature": 0.9, "top_p": 0.6, "top_k": 3},
    "forced": {"forced_bos_token_id": 207, "forced_eos_token_id": 208, "suppress_tokens": list(range(3, 200))},
    "bad words": {"bad_words_ids": [[number] for number in range(10, 200)], "begin_suppress_tokens": [5, 6, 7]},
    "ends": {"eos_token_id": list(range(3, 300)), "min_new_tokens": 12, "min_length": 40},
    "stops": {"max_length": 4, "max_time": 1e-9, "stop_strings": ["a"], "early_stopping": True},
    "search": {"num_beams": 2, "renormalize_logits": True, "exponential_decay_length_penalty": [2, 5.0]},
    "cache": {"use_cache": False, "cache_implementation": "static", "prefill_chunk_size": 2},
}


@pytest.mark.parametrize("leak", LEAKS)
def test_a_base_models_own_settings_change_no_text(leak: str, llama: Path, tmp_path: Path) -> None:
    """Decoding is a function of the study file: greedy, beams, samples and continuous batching write what they wrote."""
    folder = tmp_path / "model"
    shutil.copytree(llama, folder)
    (folder / "generation_config.json").write_text(json.dumps(LEAKS[leak]), encoding="utf-8")

    def texts(weights: Path) -> list[list[list[int]]]:
        limits = GenerationLimits((2,), 10, memory_bytes=1 << 20)
        engines: list[Engine] = [
            stepwise(weights, 10, beams=beams, temperature=heat) for beams, heat in ((1, 0), (3, 0), (1, 1.0))
        ]
        engines.append(ContinuousEngine(weights, limits, 0, 1))
        return [one.complete(PROMPTS, SEEDS) for one in engines]

    assert texts(folder) == texts(llama)


def test_continuous_batching_refuses_a_model_with_a_state(tmp_path: Path) -> None:
    architectures.make_model("lfm2").save_pretrained(tmp_path)
    with pytest.raises(UserError, match="keeps a state"):
        ContinuousEngine(tmp_path, GenerationLimits((2,), 4), 0, 1)


def test_continuous_batching_refuses_a_model_without_positions(tmp_path: Path) -> None:
    folder = tiny_models.make("bloom", tmp_path)
    with pytest.raises(UserError, match="takes no positions"):
        ContinuousEngine(folder, GenerationLimits((2,), 4), 0, 1)


def stand_in(real: StepwiseEngine) -> types.ModuleType:
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
            seed: int | None,
        ) -> None:
            told = (temperature, max_tokens, stop_token_ids, ignore_eos, detokenize, seed)
            assert told == (0.0, 6, [2], True, False, None)

    class LLM:
        def __init__(self, model: str, *, skip_tokenizer_init: bool, seed: int, generation_config: str) -> None:
            assert Path(model).is_dir() and skip_tokenizer_init and seed == 0 and generation_config == "vllm"

        def generate(self, prompts: Sequence[dict[str, Any]], sampling: list[Any], *, use_tqdm: bool) -> list[Any]:
            assert len(sampling) == len(prompts) and not use_tqdm
            rows = real.complete([prompt["prompt_token_ids"] for prompt in prompts], [0] * len(prompts))
            return [
                types.SimpleNamespace(outputs=[types.SimpleNamespace(token_ids=tuple(row), finish_reason="stop")])
                for row in rows
            ]

    module = types.ModuleType("vllm")
    module.LLM, module.SamplingParams = LLM, SamplingParams  # type: ignore[attr-defined]
    return module
