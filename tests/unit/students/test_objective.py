"""The loss and what is tried out on a model before its training takes a shortcut."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gradus.students import tiny_models
from gradus.students.training import objective, packed_attention, probes
from gradus.students.training.engine import with_objective
from gradus.students.training.inputs import IGNORED, make_inputs
from gradus.students.training.job import Refused
from gradus.students.training.objective import Objective
from gradus.students.training.weighing import Weighing
from gradus.study.config.students import Recipe, Supervise


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    from transformers import AutoModelForCausalLM

    root = tmp_path_factory.mktemp("models")
    return {
        family: AutoModelForCausalLM.from_pretrained(
            str(tiny_models.make(family, root / family, initializer_range=0.2))
        )
        for family in tiny_models.FAMILIES
    }


samples = st.lists(
    st.lists(st.integers(6, 90), min_size=2, max_size=12).flatmap(
        lambda ids: st.tuples(st.just(ids), st.integers(0, len(ids) - 1))
    ),
    min_size=1,
    max_size=6,
)


@given(samples, st.booleans(), st.sampled_from([0, 5]))
def test_flat_and_padded_inputs_ask_for_the_same_targets(
    drawn: list[tuple[list[int], int]], per_sample: bool, pad: int
) -> None:
    """Also where the pad token is the end token, as in many tokenizers: the end of an answer is learned, no padding is."""
    # Every other sample was cut at the cutoff: it has no end token.
    tokens = [[*ids, 5] if number % 2 == 0 else ids for number, (ids, _) in enumerate(drawn)]
    prompts = [first for _, first in drawn]
    weights = Weighing([len(ids) for ids in tokens], prompts, prompts, Supervise(), per_sample)
    common: dict[str, Any] = {"pad_id": pad, "end_id": 5, "weights_of": weights.of if per_sample else None}
    everything = range(len(tokens))
    padded = make_inputs(everything, tokens, prompts, flat=False, **common)
    flat = make_inputs(everything, tokens, prompts, flat=True, **common)
    both = list(zip(tokens, prompts, strict=True))
    wanted = [token for ids, first in both for token in ids[max(1, first) :]]
    for inputs in (padded, flat):
        assert inputs.labels[inputs.labels != IGNORED].tolist() == wanted
        assert inputs.labels[inputs.ends].tolist() == [5] * sum(ids[-1] == 5 for ids, _ in both)
        if per_sample:
            assert inputs.weights is not None
            assert float(inputs.weights.sum()) == pytest.approx(sum(len(ids) > max(1, first) for ids, first in both))
    assert flat.ids.tolist() == [[token for ids in tokens for token in ids]]
    assert flat.positions is not None
    assert flat.positions.tolist() == [[index for ids in tokens for index in range(len(ids))]]


def test_an_empty_micro_batch_asks_for_nothing(models: dict[str, Any]) -> None:
    for flat in (False, True):
        inputs = make_inputs([], [], [], pad_id=0, end_id=1, flat=flat)
        for chunked in (False, True):
            wrapped = Objective(models["llama"], chunked=chunked)
            loss = wrapped(inputs)
            loss.weighted.backward()
            assert (float(loss.weighted.detach()), float(loss.plain), float(loss.ends)) == (0.0, 0.0, 0.0)
            wrapped.causal.get_output_embeddings().__dict__.pop("forward", None)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 9), st.integers(2, 40), st.integers(1, 60), st.booleans(), st.booleans(), st.integers(0, 9))
def test_chunks_give_the_loss_and_gradients_of_whole_logits(
    positions: int, vocabulary: int, chunk: int, biased: bool, weighted: bool, seed: int
) -> None:
    torch.manual_seed(seed)
    head = torch.nn.Linear(5, vocabulary, bias=biased, dtype=torch.float64)
    hidden = torch.randn(positions, 5, dtype=torch.float64, requires_grad=True)
    labels = torch.randint(vocabulary, (positions,))
    weights = torch.rand(positions, dtype=torch.float64) if weighted else None
    whole = torch.nn.functional.cross_entropy(head(hidden), labels, reduction="none")
    expected = (whole if weights is None else whole * weights).sum()
    parameters = [hidden, *head.parameters()]
    gradients = torch.autograd.grad(3 * expected, parameters)
    before, objective.CHUNK_LOGITS = objective.CHUNK_LOGITS, chunk
    try:
        found, losses = objective._head_losses(head, hidden, labels, weights)
    finally:
        objective.CHUNK_LOGITS = before
    assert torch.allclose(losses.double(), whole, rtol=1e-5)
    assert torch.allclose(found.double(), expected, rtol=1e-5)
    for one, other in zip(torch.autograd.grad(3 * found, parameters), gradients, strict=True):
        assert torch.allclose(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("family", "leaks"), [("llama", False), ("gemma", False), ("bloom", True)])
@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_contamination_is_seen_where_it_is(models: dict[str, Any], family: str, leaks: bool, precision: Any) -> None:
    import copy

    reason = probes.contamination(copy.deepcopy(models[family]).to(precision))
    assert (reason is not None) == leaks
    assert not leaks or "lets a sample see the one before it" in str(reason)


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_an_encoder_sees_its_targets_and_is_refused_whatever_the_layout(models: dict[str, Any], precision: Any) -> None:
    import copy

    from transformers import BertConfig, BertLMHeadModel

    torch.manual_seed(0)
    shape: dict[str, Any] = {"vocab_size": 300, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    shape |= {"num_attention_heads": 4, "initializer_range": 0.2}
    encoder = BertLMHeadModel(BertConfig(**shape)).to(precision)
    for layout in ("budgeted", "padded", "padding-free"):
        with pytest.raises(Refused, match="no causal language model: it sees the tokens that it is to predict"):
            with_objective(encoder, Recipe(layout=layout), [1], 0)
    assert probes.sight_ahead(BertLMHeadModel(BertConfig(**shape, is_decoder=True)).to(precision)) is None
    assert all(probes.sight_ahead(copy.deepcopy(model).to(precision)) is None for model in models.values())


def test_a_model_that_caps_its_logits_keeps_them_whole(models: dict[str, Any]) -> None:
    from transformers import Gemma2Config, Gemma2ForCausalLM

    torch.manual_seed(0)
    shape: dict[str, Any] = {"vocab_size": 300, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    shape |= {"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "initializer_range": 0.5}
    capped = Gemma2ForCausalLM(Gemma2Config(**shape, final_logit_softcapping=2.0))
    assert "not its hidden states times the head's matrix" in str(probes.plain_head(capped))
    assert all(probes.plain_head(model) is None for model in models.values())
    assert "forward" not in capped.get_output_embeddings().__dict__, "the probe left its trace"


def test_an_operation_without_a_deterministic_form_is_told_and_the_mode_stays(models: dict[str, Any]) -> None:
    import copy

    class Strict(torch.autograd.Function):
        """Torch's own operations all have such a form on a CPU; this one says what those of a GPU say."""

        @staticmethod
        def forward(ctx: Any, given: torch.Tensor) -> torch.Tensor:
            return given.clone()

        @staticmethod
        def backward(ctx: Any, *grads: torch.Tensor) -> torch.Tensor:
            assert torch.are_deterministic_algorithms_enabled()
            assert not torch.is_deterministic_algorithms_warn_only_enabled()
            raise RuntimeError("some_kernel does not have a deterministic implementation, but you set ...")

    model = copy.deepcopy(models["llama"])
    sample = list(range(20))
    for chunked in (False, True):
        inputs = make_inputs([0], [sample], [4], pad_id=0, end_id=19, flat=True)
        objective = Objective(copy.deepcopy(model), chunked=chunked)
        assert probes.indeterminism(objective, inputs) is None
        assert all(parameter.grad is None for parameter in objective.parameters())
        for layer in objective.causal.model.layers[:1]:
            layer.register_forward_hook(lambda module, given, found: Strict.apply(found))  # type: ignore[no-untyped-call]
        torch.use_deterministic_algorithms(True, warn_only=True)
        try:
            reason = probes.indeterminism(objective, inputs)
            assert torch.is_deterministic_algorithms_warn_only_enabled()
        finally:
            torch.use_deterministic_algorithms(False)
        assert reason == "some_kernel does not have a deterministic implementation"


@pytest.mark.parametrize(
    ("family", "window"), [("llama", None), ("gemma", None), ("mistral", 6), ("gemma3", 5), ("phi3", 64)]
)
def test_samples_laid_end_to_end_attend_as_if_each_were_alone_and_without_a_mask_of_the_row(
    family: str, window: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers import AutoConfig, AutoModelForCausalLM
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    torch.manual_seed(0)
    kind = "gemma3_text" if family == "gemma3" else family
    shape: dict[str, Any] = {"vocab_size": 300, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 6}
    shape |= {"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "initializer_range": 0.3}
    shape |= {"pad_token_id": 0, "sliding_window": window} if window else {}
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **shape))
    samples = [torch.randint(300, (size,)).tolist() for size in (11, 9, 1, 2, 17)]
    inputs = make_inputs(range(5), samples, [1, 3, 0, 1, 4], pad_id=0, end_id=2, flat=True)
    whole = Objective(model, chunked=False)
    expected = torch.autograd.grad(whole(inputs).weighted, list(model.parameters()), allow_unused=True)
    masks: list[bool] = []

    def counted(*given: Any, **others: Any) -> Any:
        masks.append(given[4] is not None)
        return sdpa_attention_forward(*given, **others)

    assert packed_attention.use(model)
    monkeypatch.setattr(packed_attention, "sdpa_attention_forward", counted)
    found = torch.autograd.grad(whole(inputs).weighted, list(model.parameters()), allow_unused=True)
    for one, other in zip(found, expected, strict=True):
        assert (one is None) == (other is None)
        assert one is None or torch.allclose(one, other, rtol=1e-3, atol=1e-5 * float(other.abs().max() + 1))
    assert len(masks) == 6 * 5, "each sample by itself in each layer"
    assert any(masks) == (window is not None and window < 17), "a mask where a layer sees less than its sample alone"
    packed_attention.leave(model)
    masks.clear()
    assert torch.isfinite(whole(inputs).weighted)
    assert not masks


def test_attention_that_is_not_torchs_own_stays(models: dict[str, Any]) -> None:
    import copy

    model = copy.deepcopy(models["llama"])
    model.set_attn_implementation("eager")
    assert not packed_attention.use(model)
    assert model.config._attn_implementation == "eager"
