"""The engine against transformers' own generate, over what models keep of a text: everything, a window, a state."""

from collections import Counter
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, GenerationConfig

from gradus.evaluation.engines import GenerationLimits, up_to_end
from gradus.evaluation.engines.stepwise import StepwiseEngine, equal_groups
from gradus.runtime.errors import UserError
from gradus.students import architectures
from gradus.students.architectures import ARCHITECTURES, CONVOLUTION, FULL, SLIDING, STATE
from gradus.students.caches import cache_kind

# A few for every kind of cache; the others are for `make test-full`.
QUICK = ("gemma3_text", "phi3", "lfm2", "mamba", "falcon_h1", "qwen3_next")
WINDOW = 8
LONGEST = 16


def prompts() -> list[list[int]]:
    """Shorter and longer than the window, two of one length, not in order."""
    generator = torch.Generator().manual_seed(1)
    lengths = (14, 3, 9, 5, 5)
    assert min(lengths) < WINDOW < max(lengths)
    return [torch.randint(3, architectures.VOCABULARY, (length,), generator=generator).tolist() for length in lengths]


@pytest.fixture(
    scope="module",
    params=[name if name in QUICK else pytest.param(name, marks=pytest.mark.full) for name in ARCHITECTURES],
)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(request.param)
    architectures.make_model(request.param).save_pretrained(folder)
    return folder


def engine(folder: Path, *ends: int, beams: int = 1, temperature: float = 0.0) -> StepwiseEngine:
    return StepwiseEngine(
        folder, GenerationLimits(ends, LONGEST, temperature, beams), 0, 64, 1
    )  # a second thread only waits


def some_ends(folder: Path) -> list[int]:
    """Tokens that the model writes: rows end at different steps."""
    rows = engine(folder).complete(prompts(), [0] * len(prompts()))
    return [token for token, _ in Counter(token for row in rows for token in row[3:12]).most_common(2)]


def test_a_batch_is_what_generate_writes_for_each_prompt_alone(model: Path) -> None:
    ends = some_ends(model)
    plain = AutoModelForCausalLM.from_pretrained(model).eval()
    for beams in (1, 3):
        config = GenerationConfig(max_new_tokens=LONGEST, num_beams=beams, eos_token_id=ends, pad_token_id=0)
        expected = []
        for ids in prompts():
            with torch.inference_mode():
                row = plain.generate(
                    torch.tensor([ids]), attention_mask=torch.ones(1, len(ids)), generation_config=config
                )
            expected.append(up_to_end(row[0, len(ids) :].tolist(), ends))
        assert engine(model, *ends, beams=beams).complete(prompts(), [0] * len(expected)) == expected, f"{beams} beams"


def test_samples_do_not_depend_on_the_batch(model: Path) -> None:
    drawn = engine(model, *some_ends(model), temperature=1.0)
    together = drawn.complete(prompts(), range(5))
    assert [drawn.complete([ids], [seed])[0] for seed, ids in enumerate(prompts())] == together
    assert drawn.complete(prompts()[::-1], range(5)[::-1]) == together[::-1]


def test_what_is_kept_is_what_the_table_says(model: Path) -> None:
    """And a batch is limited by it: of a state, tokens take nothing."""
    kind, keeps = cache_kind(AutoModelForCausalLM.from_pretrained(model)), ARCHITECTURES[_name(model)].keeps
    assert kind.joined
    assert kind.padded == (keeps in (FULL, SLIDING))
    assert bool(kind.row_bytes) == (keeps in (CONVOLUTION, STATE))
    assert kind.token_bytes or keeps == STATE


def _name(folder: Path) -> str:
    return next(name for name in sorted(ARCHITECTURES, key=len, reverse=True) if folder.name.startswith(name))


def test_the_window_of_the_quick_ones_is_passed() -> None:
    kinds = {ARCHITECTURES[name].keeps for name in QUICK}
    assert kinds == {SLIDING, CONVOLUTION, STATE}, "those that keep all are in test_engines"
    for name in QUICK:
        if ARCHITECTURES[name].keeps == SLIDING:
            assert architectures.make_config(name).sliding_window == WINDOW


def test_a_text_that_passes_the_rotary_switch_changes_no_other(tmp_path: Path) -> None:
    """LongRoPE: the longest row of a batch would decide for all; Phi-3 with 128k switches at 4,096 tokens, here at 20."""
    scaling: dict[str, object] = {
        "rope_type": "longrope",
        "short_factor": [1.0] * 4,
        "long_factor": [3.0, 5.0, 7.0, 9.0],
    }
    scaling |= {"original_max_position_embeddings": 20, "rope_theta": 10_000.0}
    plain = architectures.make_model(
        "phi3", sliding_window=None, rope_parameters=scaling, original_max_position_embeddings=20
    )
    plain.save_pretrained(tmp_path)
    config = GenerationConfig(max_new_tokens=LONGEST, eos_token_id=2, pad_token_id=0)
    asked = [ids for ids in prompts() if len(ids) < 20]
    alone = [
        plain.generate(torch.tensor([ids]), attention_mask=torch.ones(1, len(ids)), generation_config=config)
        for ids in asked
    ]
    expected = [up_to_end(row[0, len(ids) :].tolist(), (2,)) for ids, row in zip(asked, alone, strict=True)]
    greedy = engine(tmp_path, 2)
    assert greedy.complete(asked, [0] * len(asked)) == expected
    assert greedy.fits([3, 4]) and not greedy.fits([3, 5]) and greedy.fits([5])
    with pytest.raises(UserError, match="more than 20 tokens cannot be drawn"):
        engine(tmp_path, 2, temperature=1.0).complete(asked, [0] * len(asked))


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [([3], [1]), ([3, 3, 5, 5, 5, 9], [2, 3, 1]), ([10_000, 10_000], [1, 1]), ([], [])],
)
def test_equal_lengths_are_read_together(lengths: list[int], expected: list[int]) -> None:
    assert [len(part) for part in equal_groups(lengths)] == expected


def test_a_model_without_a_cache_is_refused(tmp_path: Path) -> None:
    from transformers import XLNetConfig, XLNetLMHeadModel

    XLNetLMHeadModel(XLNetConfig(vocab_size=50, d_model=16, n_layer=1, n_head=2, d_inner=16)).save_pretrained(tmp_path)
    with pytest.raises(UserError, match="XLNetLMHeadModel keeps nothing"):
        engine(tmp_path)
