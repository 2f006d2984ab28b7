"""Weights: what a checkpoint says of itself is what was trained."""

import json
from pathlib import Path
from typing import Any

import pytest

from gradus.students import tiny_models
from gradus.students.training.weights import write
from gradus.study.config.students import Recipe


@pytest.mark.parametrize(("ends", "named"), [([4], 4), ([4, 1], [4, 1])])
def test_generation_settings_name_the_learned_end_whatever_the_base_model_named(
    tmp_path: Path, ends: list[int], named: Any
) -> None:
    """Llama-3-8B-Instruct names <|end_of_text|> there, which its dialogues do not end with: what it writes would run on."""
    from transformers import AutoModelForCausalLM

    base = tiny_models.make("llama", tmp_path / "base")
    settings = json.loads((base / "generation_config.json").read_text(encoding="utf-8"))
    (base / "generation_config.json").write_text(json.dumps(settings | {"eos_token_id": [1, 3]}))
    model: Any = AutoModelForCausalLM.from_pretrained(base)
    write(model, model.state_dict(), str(base), Recipe(), ends, tmp_path / "weights")
    written = json.loads((tmp_path / "weights" / "generation_config.json").read_text(encoding="utf-8"))
    assert written["eos_token_id"] == named
