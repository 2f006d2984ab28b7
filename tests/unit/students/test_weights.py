"""Weights: what a checkpoint says of itself is what was trained."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from gradus.students import tiny_models
from gradus.students.training.modelling import load_model
from gradus.students.training.weights import write
from gradus.study.config.students import Recipe


@pytest.mark.parametrize(("ends", "named"), [([4], 4), ([4, 1], [4, 1])])
def test_generation_settings_name_the_learned_end_whatever_the_base_model_named(
    tmp_path: Path, ends: list[int], named: Any
) -> None:
    """Llama-3-8B-Instruct names <|end_of_text|> there, which its dialogues do not end with: what it writes would run on."""
    from transformers import AutoModelForCausalLM

    odd = {"do_sample": False, "temperature": 0.9, "top_p": 0.6}  # transformers writes no such settings, and fails
    base = tiny_models.make("llama", tmp_path / "base")
    settings = json.loads((base / "generation_config.json").read_text(encoding="utf-8"))
    (base / "generation_config.json").write_text(json.dumps(settings | {"eos_token_id": [1, 3], **odd}))
    model: Any = AutoModelForCausalLM.from_pretrained(base)
    write(model, model.state_dict(), str(base), Recipe(), ends, tmp_path / "weights")
    written = json.loads((tmp_path / "weights" / "generation_config.json").read_text(encoding="utf-8"))
    assert written["eos_token_id"] == named


@pytest.mark.parametrize("tied", [True, False])
def test_tables_that_are_trained_beside_adapters_are_in_both_the_merged_weights_and_the_adapter(
    tmp_path: Path, tied: bool
) -> None:
    """What another program makes of base model and adapter is what the merged weights say."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    base = tiny_models.make("llama", tmp_path / "base", tie_word_embeddings=tied)
    recipe = Recipe.model_validate({"precision": "fp32", "adapter": {"rank": 4, "train": ["embeddings", "lm_head"]}})
    torch.manual_seed(0)
    model = load_model(str(base), recipe, "cpu")
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert sum("lora_" not in name for name in trained) == (1 if tied else 2)
    optimizer = torch.optim.SGD([one for one in model.parameters() if one.requires_grad], lr=0.5)
    ids = torch.arange(6, 40)[None]
    for _ in range(3):
        loss = torch.nn.functional.cross_entropy(model(input_ids=ids).logits[0, :-1], ids[0, 1:])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    state = {name: tensor.detach().clone() for name, tensor in model.state_dict().items() if name in trained}
    write(model, state, str(base), recipe, [4], tmp_path / "weights")
    names = load_file(tmp_path / "weights" / "model.safetensors")
    assert ("lm_head.weight" in names) == (not tied), "one table for both ends is written once"
    with torch.no_grad():
        wanted = model.eval()(input_ids=ids).logits
        merged: Any = AutoModelForCausalLM.from_pretrained(tmp_path / "weights")
        again: Any = AutoModelForCausalLM.from_pretrained(base)
        alone: Any = PeftModel.from_pretrained(again, str(tmp_path / "weights" / "adapter"))
        for other in (merged, alone.eval()):
            assert torch.allclose(other(input_ids=ids).logits, wanted, atol=1e-4)
        untrained: Any = AutoModelForCausalLM.from_pretrained(base)
        assert not torch.allclose(untrained(input_ids=ids).logits, wanted, atol=1e-2)


def test_a_study_without_trained_tables_keeps_its_identity() -> None:
    kept, given = (Recipe.model_validate({"adapter": one}).adapter for one in ({}, {"train": ["lm_head"]}))
    assert kept is not None and given is not None
    assert "train" not in kept.model_dump()
    assert given.model_dump()["train"] == ["lm_head"]


@pytest.mark.parametrize("adapted", [False, True], ids=["full", "adapter"])
def test_weights_of_an_fp32_training_can_be_saved_in_bf16(tmp_path: Path, adapted: bool) -> None:
    """Half the bytes, the values rounded once, and a configuration that says so: evaluation reads the format there."""
    from transformers import AutoModelForCausalLM

    base = tiny_models.make("llama", tmp_path / "base")
    keys: dict[str, Any] = {"precision": "fp32", "adapter": {"rank": 4} if adapted else None}
    model = load_model(str(base), Recipe.model_validate(keys), "cpu")
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    state = {name: tensor.detach().clone() for name, tensor in model.state_dict().items() if name in trained}
    for precision in ("fp32", "bf16"):
        recipe = Recipe.model_validate({**keys, "save_precision": precision})
        write(model, dict(state), str(base), recipe, [4], tmp_path / precision)
    whole, half = (
        AutoModelForCausalLM.from_pretrained(tmp_path / one, dtype="auto").state_dict() for one in ("fp32", "bf16")
    )
    assert {tensor.dtype for tensor in half.values()} == {torch.bfloat16}
    assert all(torch.equal(half[name], tensor.to(torch.bfloat16)) for name, tensor in whole.items())
    sizes = [(tmp_path / one / "model.safetensors").stat().st_size for one in ("fp32", "bf16")]
    assert sizes[1] < 0.6 * sizes[0]
