"""The trial of a pretrained student: what cannot be done is one message with what to do, before anything is paid for."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from running import PROJECT
from safetensors.torch import load_file, save_file

from gradus.runtime.errors import UserError
from gradus.students import tiny_models
from gradus.students.trial.examination import Examined, examine
from gradus.study.config.students import PretrainedStudent, Recipe
from gradus.study.config.training import StudentDemands

SHAPE: dict[str, Any] = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.make("llama", tmp_path_factory.mktemp("llama"))


@pytest.fixture
def model(llama: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(llama, tmp_path / "model"))


def configured(model: Path, config: Any) -> Path:
    """The folder with another architecture's configuration: what is tried needs no weights."""
    config.save_pretrained(str(model))
    return model


def edited(model: Path, **changes: Any) -> Path:
    facts = json.loads((model / "config.json").read_text(encoding="utf-8"))
    (model / "config.json").write_text(json.dumps(facts | changes))
    return model


def tried(model: Path, template: str = "plain", new_tokens: int | None = None, **recipe: Any) -> Examined:
    student = PretrainedStudent.model_validate({"kind": "pretrained", "model": "mine", "template": template})
    demands = {"recipe": {"cutoff_tokens": 512, **recipe}, "new_tokens": new_tokens, "caches": True}
    return examine(model, student, StudentDemands.model_validate(demands))


def refused(model: Path, **asked: Any) -> str:
    with pytest.raises(UserError) as caught:
        tried(model, **asked)
    return str(caught.value)


def test_a_model_that_fits_says_what_it_is(model: Path) -> None:
    found = tried(model)
    weights = sum(tensor.numel() for tensor in load_file(model / "model.safetensors").values())
    assert found == Examined("LlamaForCausalLM", weights, 1024, [])


@pytest.mark.parametrize("family", ["bloom", "gemma"])
def test_the_families_of_the_paper_fit(tmp_path: Path, family: str) -> None:
    folder = tiny_models.make(family, tmp_path)
    assert tried(folder, template=tiny_models.TEMPLATES[family], adapter={}).notes == []


def architectures() -> dict[str, tuple[Any, str]]:
    import transformers as t

    return {
        "t5": (t.T5Config(vocab_size=600), "is an encoder-decoder, not a causal language model: choose a decoder"),
        "bart": (t.BartConfig(vocab_size=600), "is an encoder-decoder, not a causal language model"),
        "bert": (t.BertConfig(vocab_size=600, **SHAPE), "it sees the tokens that it is to predict"),
        "vit": (t.ViTConfig(**SHAPE), "vit is not a causal language model"),
        "qwen2-vl": (
            t.Qwen2VLConfig(text_config={"vocab_size": 600, **SHAPE, "num_key_value_heads": 2}),
            "choose the text model of its family",
        ),
        "gpt2": (
            t.GPT2Config(vocab_size=600, n_embd=32, n_layer=2, n_head=4, n_positions=64),
            "examples may have 512 tokens (recipe.cutoff_tokens), its positions end at 64: "
            "set recipe.cutoff_tokens to 64 or less",
        ),
    }


@pytest.mark.parametrize("name", ["t5", "bart", "bert", "vit", "qwen2-vl", "gpt2"])
def test_an_architecture_that_cannot_be_trained_to_write_on(model: Path, name: str) -> None:
    config, message = architectures()[name]
    assert message in refused(configured(model, config))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": True}}, "quantised (bitsandbytes)"),
        ({"quantization_config": {"quant_method": "gptq", "bits": 4}}, "quantised (gptq)"),
        ({"compression_config": {"quant_method": "awq"}}, "quantised (awq)"),
        (
            {"model_type": "mine", "auto_map": {"AutoModelForCausalLM": "modeling_mine.MineForCausalLM"}},
            "needs Python code of its own (modeling_mine.py), which is never run",
        ),
        ({"model_type": "llama9"}, "does not know its model_type 'llama9'"),
        ({"num_attention_heads": "four"}, "its config.json cannot be read"),
    ],
)
def test_a_configuration_that_cannot_be_used(model: Path, changes: dict[str, Any], message: str) -> None:
    assert message in refused(edited(model, **changes))


def test_an_adapter_alone_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text("{}")
    assert "an adapter without its model: merge it" in refused(tmp_path)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"adapter": {"modules": ["q_proj", "w_proj"]}}, "names 'w_proj', and the model has no such layer: its linear"),
        ({"adapter": {"four_bit": True}}, "adapter.four_bit needs the package bitsandbytes, which is not installed"),
        ({"attention": "flash_attention_2"}, "needs the package flash_attn, which is not installed"),
        ({"attention": "fastest"}, "attention: fastest cannot be used"),
        (
            {"new_tokens": 1024},
            "answers may have 1024 tokens (max_new_tokens of a decoding), its positions end at 1024",
        ),
        ({"template": "gemma"}, "template 'gemma' needs the token '<bos>'"),
        ({"template": "chat"}, "the tokenizer has no chat template"),
    ],
)
def test_what_the_study_asks_and_the_model_has_not(model: Path, asked: dict[str, Any], message: str) -> None:
    assert message in refused(model, **asked)


def test_a_model_that_mixes_samples_cannot_be_padding_free(tmp_path: Path) -> None:
    folder = tiny_models.make("bloom", tmp_path)
    assert "layout padding-free is not possible" in refused(folder, layout="padding-free")
    assert tried(folder).positions is None


def test_ids_beyond_the_embeddings(model: Path) -> None:
    from tokenizers import AddedToken, Tokenizer

    rows = json.loads((model / "config.json").read_text(encoding="utf-8"))["vocab_size"]
    path = model / "tokenizer.json"
    raw = Tokenizer.from_file(str(path))
    raw.add_special_tokens([AddedToken("<image>", special=True)])
    raw.save(str(path))
    assert tried(model).notes == ["1 special tokens of its tokenizer lie beyond its embeddings; no text may hold them"]
    settings = json.loads((model / "tokenizer_config.json").read_text(encoding="utf-8"))
    (model / "tokenizer_config.json").write_text(json.dumps(settings | {"pad_token": "<image>"}))
    assert f"its pad token '<image>' has id {rows}, and the model only {rows} rows of embeddings" in refused(model)
    (model / "tokenizer_config.json").write_text(json.dumps(settings))
    raw.add_tokens(["wordlike"])
    raw.save(str(path))
    assert f"1 tokens of its tokenizer ('wordlike', {rows + 1}, ...) lie beyond" in refused(model)


def test_adapters_on_an_end_that_was_never_trained(model: Path) -> None:
    """A base model's rows for its family's dialogue tokens are all alike: in the head, which adapters leave as it is."""
    assert tried(model, template="llama3", adapter={}).notes == []
    weights = load_file(model / "model.safetensors")
    table = weights["model.embed_tokens.weight"]
    table[4] = table[3]  # <|eot_id|> like <|end_header_id|>
    save_file(weights, model / "model.safetensors", metadata={"format": "pt"})
    message = "the end token '<|eot_id|>' of template 'llama3' was never trained (its row in the LM head is that of "
    assert message in refused(model, template="llama3", adapter={})
    assert tried(model, template="llama3").notes == []
    assert tried(model, template="llama3", adapter={"train": ["embeddings"]}).notes == []
    assert tried(model, template="plain", adapter={}).notes == []
    table[4] = torch.zeros_like(table[4])
    save_file(weights, model / "model.safetensors", metadata={"format": "pt"})
    assert "is empty), and adapters leave it so" in refused(model, template="llama3", adapter={})


def test_the_weights_of_a_classifier_have_no_head(model: Path) -> None:
    edited(model, tie_word_embeddings=False, architectures=["LlamaForSequenceClassification"])
    assert "its weights are those of LlamaForSequenceClassification, without an LM head" in refused(model)


def test_a_model_that_sees_pictures_lends_its_text_part(model: Path) -> None:
    from transformers import Gemma3Config

    text = {**SHAPE, "vocab_size": 600, "num_key_value_heads": 2, "head_dim": 16, "max_position_embeddings": 600}
    seen = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = Gemma3Config(text_config=text, vision_config=seen | {"image_size": 28, "patch_size": 14})
    found = tried(configured(model, config))
    assert (found.architecture, found.positions) == ("Gemma3ForConditionalGeneration", 600)
    assert found.notes == ["it sees pictures or hears as well: its text part is trained, the rest stays as it is"]


def test_everything_against_a_student_is_said_at_once(model: Path) -> None:
    edited(model, max_position_embeddings=64)
    message = refused(model, template="gemma", adapter={"modules": ["w"]}, attention="fastest")
    assert message.startswith("mine: this model cannot be a student as the study asks\n- ")
    assert message.count("\n- ") == 4


def test_by_hand_it_is_a_program_that_asks_nothing(model: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        str(PROJECT / "scripts" / "trial.py"),
        str(model),
        "--output",
        str(tmp_path / "trial.json"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, done.stderr
    assert "fits (LlamaForCausalLM, " in done.stderr
    found = json.loads((tmp_path / "trial.json").read_text(encoding="utf-8"))
    assert (found["positions"], found["demands"]["recipe"]) == (1024, Recipe().model_dump())


def test_trials_of_a_script_share_an_import_and_find_the_same(model: Path, tmp_path: Path) -> None:
    trial = shlex.join([sys.executable, str(PROJECT / "scripts" / "trial.py")])
    script = f"""
        {trial} {shlex.quote(str(model))} --output alone.json || exit 1
        export GRADUS_STARTER=$$ TMPDIR="$PWD"
        {trial} {shlex.quote(str(model))} --output first.json && {trial} nothing && exit 1
        ls gradus-*
    """
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(re.findall(r"^\d+-\w+$", done.stdout, re.MULTILINE)) == 1, "no starter, or not the same one"
    assert done.stderr.count("fits (LlamaForCausalLM, ") == 2 and "error: nothing" in done.stderr
    assert (tmp_path / "first.json").read_bytes() == (tmp_path / "alone.json").read_bytes()
