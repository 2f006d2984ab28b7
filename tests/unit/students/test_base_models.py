"""Base models: built ones are deterministic, foreign ones are pinned references, mistakes are messages."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from gradus.runtime.atomic import sha256_file
from gradus.runtime.errors import UserError
from gradus.students import tiny_models
from gradus.students.base_models import (
    context_tokens,
    corpus_texts,
    fetch_reference,
    make_untrained,
    model_source,
    refuse_beyond_positions,
)
from gradus.students.tokens import copy_tokenizer, load_tokens
from gradus.study.config.students import BuiltStudent, FileCorpus, PretrainedStudent, PrimerCorpus

PRIMER = PrimerCorpus(source="primer", seed=1, documents=50)
STUDENT = BuiltStudent.model_validate(
    {"kind": "built", "layers": 1, "hidden": 16, "heads": 2, "vocabulary": 400, "context": 64, "seed": 1}
    | {"corpus": PRIMER.model_dump(), "warm_up": {}}
)


def pretrained(model: str | Path, revision: str | None = None) -> PretrainedStudent:
    return PretrainedStudent(kind="pretrained", model=str(model), revision=revision)


def text_file(path: Path) -> FileCorpus:
    return FileCorpus(source="file", path=str(path))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("student") / "model"
    make_untrained(STUDENT, corpus_texts(PRIMER), folder)
    return folder


def test_the_same_settings_give_the_same_weights(built: Path, tmp_path: Path) -> None:
    texts = corpus_texts(PRIMER)
    make_untrained(STUDENT, texts, tmp_path / "again")
    make_untrained(STUDENT.model_copy(update={"seed": 2}), texts, tmp_path / "other")
    for name in ("model.safetensors", "tokenizer.json"):
        assert sha256_file(tmp_path / "again" / name) == sha256_file(built / name)
    assert sha256_file(tmp_path / "other" / "model.safetensors") != sha256_file(built / "model.safetensors")


@pytest.mark.parametrize("text", ["Mia has 12 apples.", " 3 + 4 = 7", "Größe: 5 € – naïve\n\tend", "日本語 🎉"])
def test_any_text_survives_the_tokenizer(built: Path, text: str) -> None:
    tokens = load_tokens(built)
    assert tokens.decode(tokens.encode(text)) == text


def test_the_small_tokenizer_agrees_with_transformers(built: Path) -> None:
    from transformers import AutoTokenizer

    text = "Question: Mia has 12 apples.\nAnswer: 12 + 5 = 17. The answer is 17."
    tokens, reference = load_tokens(built), AutoTokenizer.from_pretrained(str(built))
    assert tokens.encode(text) == reference.encode(text, add_special_tokens=False)
    assert (tokens.pad_id, tokens.eos_id) == (reference.pad_token_id, reference.eos_token_id)


STORED: dict[str, dict[str, Any]] = {
    "truncation": {"truncation": {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0}},
    "fixed padding": {"padding": {"strategy": {"Fixed": 64}}},
    "padding to a batch": {"padding": {"strategy": "BatchLongest", "pad_to_multiple_of": 8}},
}


@pytest.mark.parametrize("stored", STORED)
def test_truncation_and_padding_that_a_tokenizer_file_stores_change_no_text(
    built: Path, tmp_path: Path, stored: str
) -> None:
    """transformers ignores both unless it is asked for them; obeyed, they would cut or pad every prompt unseen."""
    from transformers import AutoTokenizer

    copy_tokenizer(built, tmp_path)
    path = tmp_path / "tokenizer.json"
    facts = json.loads(path.read_text(encoding="utf-8"))
    settings = STORED[stored]
    if "padding" in settings:
        pad = {"direction": "Left", "pad_to_multiple_of": None, "pad_id": 0, "pad_type_id": 0, "pad_token": "<pad>"}
        settings = {"padding": pad | settings["padding"]}
    path.write_text(json.dumps(facts | settings))
    tokens, reference = load_tokens(tmp_path), AutoTokenizer.from_pretrained(str(tmp_path))
    for text in ("5", "Question: Mia has 12 apples.\nAnswer: 12 + 5 = 17. The answer is 17."):
        assert (
            tokens.encode(text) == reference.encode(text, add_special_tokens=False) == load_tokens(built).encode(text)
        )
        assert not tokens.holds_special(text)
    assert tokens.opening == load_tokens(built).opening


def test_a_local_model_is_referenced_with_the_hash_of_every_file(built: Path, tmp_path: Path) -> None:
    reference = fetch_reference(pretrained(built), tmp_path / "student" / "model")
    assert reference["files"]["model.safetensors"]["sha256"] == sha256_file(built / "model.safetensors")
    assert model_source(tmp_path / "student") == built.resolve()


def test_a_vanished_model_is_a_message(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "reference.json").write_text(json.dumps({"path": str(tmp_path / "gone")}))
    with pytest.raises(UserError, match="the base model is gone"):
        model_source(tmp_path)


def test_a_model_that_cannot_be_fetched_is_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(UserError, match=r"no/such-model: the model cannot be fetched: .*HF_TOKEN"):
        fetch_reference(pretrained("no/such-model", "0" * 40), tmp_path)


def test_a_tokenizer_without_an_end_token_is_refused(built: Path, tmp_path: Path) -> None:
    copy_tokenizer(built, tmp_path)
    path = tmp_path / "tokenizer_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "eos_token": None}))
    with pytest.raises(UserError, match="no end-of-sequence token"):
        load_tokens(tmp_path)


def test_corpora_from_files(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("one\n\ntwo\n")
    assert corpus_texts(text_file(path)) == ["one", "two"]
    path.write_text("\n")
    with pytest.raises(UserError, match="the corpus is empty"):
        corpus_texts(text_file(path))
    with pytest.raises(UserError, match="no such file"):
        corpus_texts(text_file(tmp_path / "absent"))


def test_a_base_model_that_changes_after_it_was_pinned_is_a_message(built: Path, tmp_path: Path) -> None:
    shutil.copytree(built, tmp_path / "mine")
    fetch_reference(pretrained(tmp_path / "mine"), tmp_path / "student" / "model")
    assert model_source(tmp_path / "student") == (tmp_path / "mine").resolve()
    with open(tmp_path / "mine" / "model.safetensors", "ab") as stream:
        stream.write(b" ")
    with pytest.raises(UserError, match=r"model.safetensors: has changed since this base model was pinned"):
        model_source(tmp_path / "student")


def test_pickled_weights_are_refused(built: Path, tmp_path: Path) -> None:
    shutil.copytree(built, tmp_path / "mine")
    (tmp_path / "mine" / "model.safetensors").rename(tmp_path / "mine" / "pytorch_model.bin")
    with pytest.raises(UserError, match="no safetensors weights"):
        fetch_reference(pretrained(tmp_path / "mine"), tmp_path / "student" / "model")


@pytest.mark.parametrize("named", ["file", "folder"])
def test_gguf_weights_are_refused_with_the_command_that_imports_them(tmp_path: Path, named: str) -> None:
    path = tmp_path / "mine" / "small-q4.gguf"
    path.parent.mkdir()
    path.write_bytes(b"GGUF")
    with pytest.raises(UserError, match=r"import_model.py \S*small-q4.gguf FOLDER"):
        fetch_reference(pretrained(path if named == "file" else path.parent), tmp_path / "student" / "model")


def test_the_context_of_a_model(built: Path, tmp_path: Path) -> None:
    assert context_tokens(built) == STUDENT.context
    assert context_tokens(tiny_models.make("bloom", tmp_path)) is None


@pytest.mark.parametrize(
    ("facts", "positions"),
    [
        ({"model_type": "gpt2", "n_positions": 64, "n_ctx": 64}, 64),
        ({"model_type": "gemma3", "text_config": {"max_position_embeddings": 32}}, 32),
        ({"model_type": "mpt", "max_seq_len": 48, "attn_config": {"alibi": True}}, None),
        ({"model_type": "mpt", "max_seq_len": 48, "attn_config": {"alibi": False}}, 48),
        ({"model_type": "falcon", "max_position_embeddings": 2048, "alibi": True}, None),
        ({"model_type": "mamba"}, None),
    ],
)
def test_positions_go_by_many_names(tmp_path: Path, facts: dict[str, Any], positions: int | None) -> None:
    (tmp_path / "config.json").write_text(json.dumps(facts))
    assert context_tokens(tmp_path) == positions


def test_an_answer_beyond_a_table_of_positions_is_a_message(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gpt2", "n_positions": 64}))
    refuse_beyond_positions(tmp_path, 40, 24)
    with pytest.raises(UserError, match=r"40 tokens and an answer of 25 go beyond .* 64 positions .*24 or less"):
        refuse_beyond_positions(tmp_path, 40, 25)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama", "max_position_embeddings": 64}))
    refuse_beyond_positions(tmp_path, 40, 100)


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_a_prompt_beyond_the_positions_is_a_message_and_names_the_shots(tmp_path: Path, kind: str) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": kind, "max_position_embeddings": 64}))
    with pytest.raises(
        UserError, match=r"a prompt of 65 tokens goes beyond the model's 64 positions .*shorter problems\)"
    ):
        refuse_beyond_positions(tmp_path, 65, 1)
    with pytest.raises(UserError, match=r"shorter problems, or fewer than 4 shots"):
        refuse_beyond_positions(tmp_path, 65, 1, shots=4)
