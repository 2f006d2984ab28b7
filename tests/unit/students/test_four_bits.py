"""QLoRA with the real bitsandbytes, where it is installed: its gradients are those of the weights that the 4 bits stand for."""

from pathlib import Path
from typing import Any

import pytest
import torch

from gradus.students import tiny_models
from gradus.students.training.modelling import load_model
from gradus.students.training.probes import sight_ahead
from gradus.study.config.students import Recipe

bitsandbytes: Any = pytest.importorskip("bitsandbytes", reason="bitsandbytes is not installed")


def gradients(model: Any) -> dict[str, torch.Tensor]:
    ids = torch.tensor([[7, 9, 30, 44, 12, 8, 51]])
    model(input_ids=ids, labels=ids).loss.backward()
    return {name: one.grad for name, one in model.named_parameters() if "lora_B" in name}


def test_gradients_are_those_of_the_weights_that_the_four_bits_stand_for(tmp_path: Path) -> None:
    base = str(tiny_models.make("llama", tmp_path, hidden_size=128, intermediate_size=256))
    recipe = Recipe.model_validate({"adapter": {"rank": 4, "four_bit": True}, "precision": "fp32"})
    torch.manual_seed(1)
    packed = load_model(base, recipe, "cpu")
    assert sight_ahead(packed) is None  # without a gradient, which must not change how the weights lie
    torch.manual_seed(1)
    plain = load_model(base, Recipe.model_validate({"adapter": {"rank": 4}, "precision": "fp32"}), "cpu")
    for name, module in packed.named_modules():
        if isinstance(module, bitsandbytes.nn.Linear4bit):
            whole = bitsandbytes.functional.dequantize_4bit(module.weight.data, module.weight.quant_state)
            assert not plain.get_submodule(name).weight.data.equal(whole)
            plain.get_submodule(name).weight.data = whole.to(torch.float32)
    found, expected = gradients(packed), gradients(plain)
    assert found.keys() == expected.keys() and len(found) == 14
    for name, gradient in expected.items():
        assert float(gradient.norm()) > 0
        assert torch.allclose(found[name], gradient, rtol=1e-3, atol=1e-6), name
