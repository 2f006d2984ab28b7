"""The model of a training: what of it is trained."""

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from gradus.students import tiny_models
from gradus.students.training import modelling
from gradus.students.training.engine import with_objective
from gradus.students.training.inputs import make_inputs
from gradus.students.training.job import Refused
from gradus.students.training.modelling import load_model, make_optimizer
from gradus.students.training.telemetry import work_of
from gradus.study.config.students import Adapter, Recipe


@pytest.fixture(scope="module")
def seeing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gemma 3 as it is from 4B on: a text model and one that sees."""
    from transformers import Gemma3Config, Gemma3ForConditionalGeneration

    folder = tiny_models.make("gemma", tmp_path_factory.mktemp("seeing"))
    text: dict[str, Any] = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "head_dim": 16}
    text |= {"num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 1000}
    seen = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = Gemma3Config(text_config=text, vision_config=seen | {"image_size": 28, "patch_size": 14})
    torch.manual_seed(0)
    shutil.copytree(folder, folder / "model")
    Gemma3ForConditionalGeneration(config).save_pretrained(folder / "model")
    return folder / "model"


@pytest.mark.parametrize("family", ["gpt2", "opt"])
@pytest.mark.parametrize("dropout", ["model", "off"])
def test_dropout_off_is_none_at_all(tmp_path: Path, family: str, dropout: str) -> None:
    """By modules (GPT-2) and by functions that are told a rate (OPT); a checkpoint keeps what its base model says."""
    from transformers import GPT2Config, GPT2LMHeadModel, OPTConfig, OPTForCausalLM

    shape: dict[str, Any] = {"vocab_size": 300, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
    config: Any = GPT2Config(**shape) if family == "gpt2" else OPTConfig(**shape, ffn_dim=64, word_embed_proj_dim=32)
    (GPT2LMHeadModel if family == "gpt2" else OPTForCausalLM)(config).save_pretrained(tmp_path)
    recipe = Recipe.model_validate({"precision": "fp32", "dropout": dropout})
    model = load_model(str(tmp_path), recipe, "cpu")
    ids = torch.arange(20)[None]
    with torch.no_grad():
        one, other = (model(input_ids=ids, use_cache=False).logits for _ in range(2))
    assert torch.equal(one, other) == (dropout == "off")
    assert [model.config.to_dict()[name] for name in ("attn_pdrop", "dropout") if name in model.config.to_dict()] == [
        0.1
    ]


def test_norms_and_biases_can_stay_out_of_the_weight_decay(seeing: Path) -> None:
    recipe = Recipe.model_validate({"precision": "fp32", "weight_decay": 0.5, "no_decay_norms": True})
    model = load_model(str(seeing), recipe, "cpu")
    decayed, kept = make_optimizer(model, recipe).param_groups
    assert (decayed["weight_decay"], kept["weight_decay"]) == (0.5, 0.0)
    assert {one.ndim for one in kept["params"]} == {1} and {one.ndim for one in decayed["params"]} == {2}
    trained = sum(parameter.requires_grad for parameter in model.parameters())
    assert len(decayed["params"]) + len(kept["params"]) == trained
    adapted = recipe.model_copy(update={"adapter": Adapter.model_validate({"rank": 4})})
    assert len(make_optimizer(load_model(str(seeing), adapted, "cpu"), adapted).param_groups) == 1


@pytest.mark.parametrize("adapter", [None, {"rank": 4}], ids=["whole", "adapted"])
def test_of_a_model_that_sees_pictures_the_text_part_is_trained(seeing: Path, adapter: dict[str, Any] | None) -> None:
    recipe = Recipe.model_validate({"precision": "fp32", "weight_decay": 0.5, "learning_rate": 0.1, "adapter": adapter})
    model = load_model(str(seeing), recipe, "cpu")
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    objective = with_objective(model, recipe, [5], 0)
    optimizer = make_optimizer(model, recipe)
    inputs = make_inputs([0], [[7, 8, 9, 10, 5]], [2], pad_id=0, end_id=5, flat=False)
    objective(inputs).weighted.backward()
    optimizer.step()
    changed = {name for name, parameter in model.named_parameters() if not torch.equal(parameter, before[name])}
    assert changed and not [name for name in changed if "vision" in name or "multi_modal" in name]
    assert not [name for name in before if "lora_" in name and "vision" in name]
    work = work_of(objective.causal, frozen=adapter is not None)
    assert (work.layers, work.width, work.head) == (2, 64, 1000 * 32)


def test_four_bits_are_those_of_qlora_where_bitsandbytes_is_and_refused_where_it_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recipe = Recipe.model_validate({"adapter": {"four_bit": True}, "precision": "bf16"})
    monkeypatch.setattr(modelling, "find_spec", lambda name: None)
    with pytest.raises(Refused, match="needs the package bitsandbytes, which is not installed: install it"):
        modelling.load_model("nowhere", recipe, "cpu")
    monkeypatch.setattr(modelling, "find_spec", lambda name: object())
    found = modelling.four_bits(recipe)
    assert found.load_in_4bit and found.bnb_4bit_quant_type == "nf4" and found.bnb_4bit_use_double_quant
    assert found.bnb_4bit_compute_dtype is torch.bfloat16
    asked: dict[str, Any] = {}
    monkeypatch.setattr(modelling, "with_adapter", lambda model, adapter: model)

    class Loader:
        @staticmethod
        def from_pretrained(base: str, **keys: Any) -> Any:
            asked.update(keys)
            model: Any = torch.nn.Linear(2, 2)
            model.config = SimpleNamespace(use_cache=True)
            return model

    monkeypatch.setattr(modelling, "AutoModelForCausalLM", Loader)
    modelling.load_model("nowhere", recipe, "cpu")
    assert asked["device_map"] == {"": "cpu"} and asked["quantization_config"].load_in_4bit
    with pytest.raises(ValueError, match=r"adapter.four_bit needs zero_stage 0, 1 or 2"):
        Recipe.model_validate({"adapter": {"four_bit": True}, "zero_stage": 3})
    assert "four_bit" not in Adapter().model_dump(), "a study without the key keeps its identity"
