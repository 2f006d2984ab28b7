"""Sizes of students: those of the paper as their configuration classes make them, any other as its files say."""

from pathlib import Path
from typing import Any

import pytest

from gradus.students import tiny_models
from gradus.students.model_sizes import PUBLISHED, Shape, built_shape, counted
from gradus.students.training.telemetry import work_of


def on_paper(shape: Shape) -> Any:
    """The real architecture in the real size, without any memory for its weights."""
    import torch
    from transformers import BloomConfig, BloomForCausalLM, GemmaConfig, GemmaForCausalLM, LlamaConfig, LlamaForCausalLM

    common: dict[str, Any] = {"vocab_size": shape.vocabulary, "hidden_size": shape.hidden}
    with torch.device("meta"):
        if shape.biased:
            return BloomForCausalLM(BloomConfig(**common, n_layer=shape.layers, n_head=shape.heads))
        common |= {
            "intermediate_size": shape.feed_forward,
            "num_hidden_layers": shape.layers,
            "num_attention_heads": shape.heads,
            "num_key_value_heads": shape.key_heads,
            "head_dim": shape.head_width,
            "tie_word_embeddings": True,
        }
        if shape.head_width == 256:
            return GemmaForCausalLM(GemmaConfig(**common))
        return LlamaForCausalLM(LlamaConfig(**common))


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_students_of_the_paper_have_the_size_of_their_configurations(name: str) -> None:
    shape = PUBLISHED[name]
    model = on_paper(shape)
    assert shape.parameters == sum(parameter.numel() for parameter in model.parameters())
    assert shape.work(frozen=False) == work_of(model, frozen=False)


# As the paper and their publishers round them (shared facts: 0.56, 1.1, 1.7, 3; 2.5; 1.24, 3.2 billion).
@pytest.mark.parametrize(
    ("name", "billions"),
    list(zip(PUBLISHED, (0.56, 1.07, 1.72, 3.0, 2.51, 1.24, 3.21), strict=True)),
)
def test_they_are_as_large_as_they_are_called(name: str, billions: float) -> None:
    assert PUBLISHED[name].parameters / 1e9 == pytest.approx(billions, rel=0.01)


@pytest.mark.parametrize("family", tiny_models.FAMILIES)
def test_any_model_is_counted_from_its_files(tmp_path: Path, family: str) -> None:
    from transformers import AutoModelForCausalLM

    folder = tiny_models.make(family, tmp_path / family)
    model = AutoModelForCausalLM.from_pretrained(str(folder))
    found = counted(folder, frozen=True)
    assert found is not None
    weights, work = found
    assert weights == sum(parameter.numel() for parameter in model.parameters())
    assert work == work_of(model, frozen=True)


def test_a_built_student_has_the_size_that_it_is_built_with(tmp_path: Path) -> None:
    from gradus.students.base_models import make_untrained
    from gradus.study.config import BuiltStudent

    settings = {
        "layers": 2,
        "hidden": 24,
        "heads": 2,
        "vocabulary": 300,
        "context": 64,
        "initial_scale": 0.02,
        "seed": 1,
    }
    recipe: dict[str, Any] = {}
    corpus = {"source": "primer", "seed": 1, "documents": 1}
    section = BuiltStudent.model_validate({"kind": "built", **settings, "corpus": corpus, "warm_up": recipe})
    make_untrained(section, ["Mia has 3 apples and 4 pears."] * 20, tmp_path)
    found = counted(tmp_path, frozen=False)
    import json

    vocabulary = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))["vocab_size"]
    shape = built_shape(section.model_copy(update={"vocabulary": vocabulary}))
    assert found == (shape.parameters, shape.work(frozen=False))
