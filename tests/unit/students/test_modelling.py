"""The model of a training: what of it is trained."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from gradus.students import tiny_models
from gradus.students.training.engine import with_objective
from gradus.students.training.inputs import make_inputs
from gradus.students.training.modelling import load_model, make_optimizer
from gradus.students.training.telemetry import work_of
from gradus.study.config.students import Recipe


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


@pytest.mark.parametrize("adapter", [None, {"rank": 4}], ids=["whole", "adapted"])
def test_of_a_model_that_sees_pictures_the_text_part_is_trained(seeing: Path, adapter: dict[str, Any] | None) -> None:
    recipe = Recipe.model_validate({"precision": "fp32", "weight_decay": 0.5, "learning_rate": 0.1, "adapter": adapter})
    model = load_model(str(seeing), recipe, "cpu")
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    objective = with_objective(model, recipe, [5], 0)
    optimizer = make_optimizer(model, recipe)
    inputs = make_inputs([0], [[7, 8, 9, 10, 5]], [2], pad_id=0, end_id=5, flat=False, per_sample=False)
    objective(inputs).weighted.backward()
    optimizer.step()
    changed = {name for name, parameter in model.named_parameters() if not torch.equal(parameter, before[name])}
    assert changed and not [name for name in changed if "vision" in name or "multi_modal" in name]
    assert not [name for name in before if "lora_" in name and "vision" in name]
    work = work_of(objective.causal, frozen=adapter is not None)
    assert (work.layers, work.width, work.head) == (2, 64, 1000 * 32)
