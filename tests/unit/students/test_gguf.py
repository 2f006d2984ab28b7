"""GGUF files written here with the gguf library, imported and held against what was written; damaged ones in words."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, AutoTokenizer

from gradus.data.gradeschool.primer import primer
from gradus.runtime.errors import UserError
from gradus.students import tiny_models
from gradus.students.gguf import PROVENANCE_FILE, build_tokenizer, import_gguf, merges_of, read_header
from gradus.students.tokens import load_tokens

TEXTS = [*primer(3, 60), "12,345.67 + 89 = ?", "don't  stop\n\n\tnow", "naïve café 3½ € 東京 🙂", " ", "İstanbul's 7th"]
LAYERS = 2


def write_gguf(folder: Path, target: Path, pre: str = "llama-bpe", architecture: str = "llama", **facts: Any) -> Path:
    """A model folder of the Llama kind as a GGUF file, as llama.cpp lays it out (rotary rows of heads interleaved)."""
    from gguf import GGUFWriter

    model = AutoModelForCausalLM.from_pretrained(str(folder), dtype=torch.float32)
    config, writer = model.config, GGUFWriter(str(target), architecture)
    writer.add_name("tiny")
    writer.add_license("apache-2.0")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_vocab_size(config.vocab_size)
    write_vocabulary(writer, folder, pre)
    for name, value in facts.items():
        writer.add_string(name.replace("__", "."), value)
    state = model.state_dict()
    writer.add_tensor("token_embd.weight", state["model.embed_tokens.weight"].numpy())
    writer.add_tensor("output_norm.weight", state["model.norm.weight"].numpy())
    names = {
        "attn_norm": "input_layernorm",
        "ffn_norm": "post_attention_layernorm",
        "attn_v": "self_attn.v_proj",
        "attn_output": "self_attn.o_proj",
        "ffn_gate": "mlp.gate_proj",
        "ffn_up": "mlp.up_proj",
        "ffn_down": "mlp.down_proj",
    }
    for layer in range(config.num_hidden_layers):
        for short, long in names.items():
            writer.add_tensor(f"blk.{layer}.{short}.weight", state[f"model.layers.{layer}.{long}.weight"].numpy())
        for short, heads in (("q", config.num_attention_heads), ("k", config.num_key_value_heads)):
            weight = state[f"model.layers.{layer}.self_attn.{short}_proj.weight"].numpy()
            writer.add_tensor(f"blk.{layer}.attn_{short}.weight", interleaved(weight, heads))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target


def interleaved(weight: np.ndarray, heads: int) -> np.ndarray:
    """The rows of each head as llama.cpp orders them: both halves of its rotary pairs side by side."""
    rows, columns = weight.shape
    return np.ascontiguousarray(
        weight.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)
    )


def write_vocabulary(writer: Any, folder: Path, pre: str) -> None:
    import json

    raw = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    special = {one["content"] for one in raw["added_tokens"]}
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokens = [str(tokenizer.id_to_token(number)) for number in range(tokenizer.get_vocab_size())]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types([3 if token in special else 1 for token in tokens])
    writer.add_token_merges([" ".join(pair) for pair in raw["model"]["merges"]])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_add_bos_token(True)


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("llama")
    # Without scaled rotary positions, which llama.cpp keeps in a tensor of its own.
    plain: dict[str, Any] = {
        "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
        "num_hidden_layers": LAYERS,
    }
    return tiny_models.make("llama", folder, **plain)


@pytest.fixture(scope="module")
def gguf_file(llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_gguf(llama, tmp_path_factory.mktemp("gguf") / "tiny model.gguf", tokenizer__chat_template="{{ 1 }}")


def test_an_imported_model_computes_and_reads_what_the_original_does(
    llama: Path, gguf_file: Path, tmp_path: Path
) -> None:
    found = import_gguf(gguf_file, tmp_path / "a folder" / "model")
    folder = tmp_path / "a folder" / "model"
    ours, theirs = AutoTokenizer.from_pretrained(str(folder)), AutoTokenizer.from_pretrained(str(llama))
    for text in TEXTS:
        assert ours(text).input_ids == theirs(text).input_ids, text
    ids = torch.tensor([theirs(TEXTS[0]).input_ids[:20]])
    with torch.no_grad():
        logits = [AutoModelForCausalLM.from_pretrained(str(one))(ids).logits for one in (folder, llama)]
    assert torch.allclose(logits[0], logits[1], atol=1e-5)
    tokens = load_tokens(folder)
    assert (tokens.eos_id, tokens.opening) == (1, "<|begin_of_text|>")
    assert (found.quantisation, found.licence, found.name) == (("F32",), "apache-2.0", "tiny")
    assert (folder / PROVENANCE_FILE).exists() and (folder / "chat_template.jinja").read_text() == "{{ 1 }}"
    assert sorted(path.name for path in folder.parent.iterdir()) == ["model"], "nothing unfinished is left"
    assert {path.stat().st_mode & 0o044 for path in folder.iterdir()} == {0o044}, "others may read it"
    with pytest.raises(UserError, match="is there already"):
        import_gguf(gguf_file, folder)


@pytest.mark.parametrize(("split", "pieces"), [("smollm", ["1", "2", "3", "4"]), ("llama-bpe", ["123", "4"])])
def test_numbers_are_cut_as_the_file_names_it(llama: Path, tmp_path: Path, split: str, pieces: list[str]) -> None:
    header = read_header(write_gguf(llama, tmp_path / "tiny.gguf", pre=split))
    cut = build_tokenizer(header.vocabulary).pre_tokenizer.pre_tokenize_str("1234")
    assert [piece for piece, _ in cut] == pieces


def test_a_vocabulary_with_scores_merges_as_gemmas_own_tokenizer_does(tmp_path: Path) -> None:
    """Gemma's pieces by score: the merges that follow from the scores give the ids that its merges give."""
    import json

    from gradus.students.gguf import Vocabulary

    folder = tiny_models.make("gemma", tmp_path / "gemma")
    original = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokens = [str(original.id_to_token(number)) for number in range(original.get_vocab_size())]
    raw = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    special = {one["content"] for one in raw["added_tokens"]}
    learned = {left + right: -float(rank) for rank, (left, right) in enumerate(raw["model"]["merges"])}
    kinds = [3 if token in special else 6 if token.startswith("<0x") else 1 for token in tokens]
    scores = [learned.get(token, -1e4 - number) for number, token in enumerate(tokens)]
    ids = {token: number for number, token in enumerate(tokens)}
    vocabulary = Vocabulary(
        "llama", "default", tokens, kinds, scores, [], ids["<bos>"], ids["<eos>"], ids["<pad>"], ids["<unk>"], True, False
    )  # fmt: skip
    ours = build_tokenizer(vocabulary)
    assert {left + right for left, right in merges_of(vocabulary)} == set(learned)
    for text in TEXTS:
        assert ours.encode(text).ids == original.encode(text).ids, text
        assert ours.decode(ours.encode(text).ids) == original.decode(original.encode(text).ids)


def test_what_cannot_be_imported_is_one_message(llama: Path, gguf_file: Path, tmp_path: Path) -> None:
    whole = gguf_file.read_bytes()

    def refused(name: str, content: bytes, match: str) -> None:
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(UserError, match=match):
            import_gguf(path, tmp_path / "target")
        assert not (tmp_path / "target").exists()

    refused("empty.gguf", b"", "not a whole GGUF file")
    refused("other.gguf", b"PK\x03\x04 something else entirely", "not a whole GGUF file")
    for share in (0.01, 0.3, 0.6, 0.999):
        refused("cut.gguf", whole[: int(share * len(whole))], "not a whole GGUF file")
    with pytest.raises(UserError, match="no such file"):
        import_gguf(tmp_path / "nowhere.gguf", tmp_path / "target")
    with pytest.raises(UserError, match=r"kind 'mamba', which is not imported.*supported: llama"):
        read_header(write_gguf(llama, tmp_path / "mamba.gguf", architecture="mamba"))
    with pytest.raises(UserError, match="splitting rules 'tekken', which are not known"):
        read_header(write_gguf(llama, tmp_path / "tekken.gguf", pre="tekken"))
