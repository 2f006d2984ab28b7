"""GGUF: one file with a quantised model, read as a base model: dequantised weights, its own tokenizer, its chat template.

The `gguf` library reads the file and transformers unpacks the weights. The tokenizer is built here from the file's own
vocabulary: the splitting rules that the file only names are those of llama.cpp under the same name.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from gradus.runtime.atomic import let_others_read, sha256_file, write_json
from gradus.runtime.environment import gpus_here
from gradus.runtime.errors import UserError

ARCHITECTURES = ("llama", "mistral", "qwen2", "qwen3", "gemma2", "gemma3", "phi3")
Precision = Literal["fp32", "bf16"]
PROVENANCE_FILE = "provenance.json"

# What a token is for, as the file marks it (the names of gguf.TokenType).
_CONTROL, _USER_DEFINED, _BYTE = 3, 4, 6
_CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+"
_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
# How texts are cut before byte pairs are merged, by the name in ``tokenizer.ggml.pre``.
_SPLITS: dict[str, tuple[pre_tokenizers.PreTokenizer, ...]] = {
    "gpt-2": (pre_tokenizers.Split(Regex(_GPT2), "isolated"),),
    # The digits before the rest: spaces before a number stay together, as in SmolLM's own tokenizer.json.
    "smollm": (pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.Split(Regex(_GPT2), "isolated")),
    "llama-bpe": (pre_tokenizers.Split(Regex(rf"{_CONTRACTIONS}|\p{{N}}{{1,3}}{_REST}"), "isolated"),),
    "qwen2": (pre_tokenizers.Split(Regex(rf"{_CONTRACTIONS}|\p{{N}}{_REST}"), "isolated"),),
}


@dataclass(frozen=True)
class Vocabulary:
    """The tokenizer of a GGUF file. ``kind``: ``gpt2`` merges bytes by rank, ``llama`` merges characters by score."""

    kind: str
    split: str
    tokens: Sequence[str]
    types: Sequence[int]
    scores: Sequence[float]
    merges: Sequence[str]
    bos_id: int | None
    eos_id: int
    pad_id: int | None
    unknown_id: int | None
    adds_bos: bool
    adds_space: bool


@dataclass(frozen=True)
class Header:
    """What a GGUF file says of itself before its weights."""

    architecture: str
    name: str | None
    licence: str | None
    quantisation: tuple[str, ...]
    vocabulary: Vocabulary
    chat_template: str | None


@dataclass(frozen=True)
class Provenance:
    """Where an imported model comes from; written beside its weights."""

    source: str
    sha256: str
    architecture: str
    name: str | None
    quantisation: tuple[str, ...]
    precision: Precision
    licence: str | None
    gguf: str
    transformers: str


def import_gguf(source: Path, target: Path, precision: Precision = "fp32", licence: str | None = None) -> Provenance:
    """Write the model of a GGUF file as a folder that a study names under `model`; it is whole or not there.

    ``licence`` overrides what the file says. Raises UserError for a file that is damaged or of a kind that is not read,
    and where ``target`` exists.
    """
    if target.exists():
        raise UserError("is there already", where=target, hint="name another folder, or delete this one")
    header = read_header(source)
    tokenizer = build_tokenizer(header.vocabulary)
    unfinished = target.with_name(f".{target.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    _write_weights(source, unfinished, precision)
    _write_tokenizer(tokenizer, header, unfinished)
    found = Provenance(
        source=source.name,
        sha256=sha256_file(source),
        architecture=header.architecture,
        name=header.name,
        quantisation=header.quantisation,
        precision=precision,
        licence=licence or header.licence,
        gguf=version("gguf"),
        transformers=version("transformers"),
    )
    write_json(unfinished / PROVENANCE_FILE, asdict(found))
    let_others_read(unfinished)
    unfinished.rename(target)
    return found


def read_header(source: Path) -> Header:
    """The facts and the vocabulary of a GGUF file; UserError where it is none, is cut off, or is not supported."""
    from gguf import GGUFReader

    if source.is_dir():
        hint = "name the .gguf file in it; a folder with config.json and safetensors needs no import: `model: FOLDER`"
        raise UserError("a folder, not a GGUF file", where=source, hint=hint)
    if not source.is_file():
        raise UserError("no such file", where=source)
    try:
        reader = GGUFReader(str(source))
        fields = {name: field.contents() for name, field in reader.fields.items()}
        ends = max((int(one.data_offset) + int(one.n_bytes) for one in reader.tensors), default=0)
    except (ValueError, KeyError, IndexError, TypeError, UnicodeDecodeError, OverflowError) as error:
        raise UserError(f"is not a whole GGUF file: {error}", where=source, hint="fetch it again") from None
    if ends > source.stat().st_size or not reader.tensors:
        raise UserError("is not a whole GGUF file: weights are missing at its end", where=source, hint="fetch it again")
    architecture = str(fields.get("general.architecture"))
    if architecture not in ARCHITECTURES:
        raise UserError(
            f"holds a model of the kind {architecture!r}, which is not imported",
            where=source,
            hint=f"supported: {', '.join(ARCHITECTURES)}",
        )
    return Header(
        architecture,
        fields.get("general.name"),
        fields.get("general.license"),
        tuple(sorted({tensor.tensor_type.name for tensor in reader.tensors})),
        _read_vocabulary(fields, source),
        fields.get("tokenizer.chat_template"),
    )


def _read_vocabulary(fields: dict[str, Any], source: Path) -> Vocabulary:
    kind, split = fields.get("tokenizer.ggml.model"), fields.get("tokenizer.ggml.pre", "default")
    if kind not in ("gpt2", "llama") or (kind == "gpt2" and split not in _SPLITS):
        known = ", ".join(_SPLITS)
        raise UserError(
            f"its tokenizer is of the kind {kind!r} with the splitting rules {split!r}, which are not known here",
            where=source,
            hint=f"supported: kind 'llama', and kind 'gpt2' with {known}",
        )
    tokens = fields.get("tokenizer.ggml.tokens")
    if not tokens or fields.get("tokenizer.ggml.eos_token_id") is None:
        raise UserError("holds no vocabulary with an end token", where=source)
    return Vocabulary(
        kind=kind,
        split=split,
        tokens=tokens,
        types=fields.get("tokenizer.ggml.token_type") or [1] * len(tokens),
        scores=fields.get("tokenizer.ggml.scores") or [],
        merges=fields.get("tokenizer.ggml.merges") or [],
        bos_id=fields.get("tokenizer.ggml.bos_token_id"),
        eos_id=int(fields["tokenizer.ggml.eos_token_id"]),
        pad_id=fields.get("tokenizer.ggml.padding_token_id"),
        unknown_id=fields.get("tokenizer.ggml.unknown_token_id"),
        adds_bos=bool(fields.get("tokenizer.ggml.add_bos_token", kind == "llama")),
        adds_space=bool(fields.get("tokenizer.ggml.add_space_prefix", kind == "llama")),
    )


def build_tokenizer(vocabulary: Vocabulary) -> Tokenizer:
    """The fast tokenizer that reads texts as the GGUF file's own does."""
    raw = _by_rank(vocabulary) if vocabulary.kind == "gpt2" else _by_score(vocabulary)
    for content, kind in zip(vocabulary.tokens, vocabulary.types, strict=True):
        if kind in (_CONTROL, _USER_DEFINED):
            added = AddedToken(content, special=kind == _CONTROL, normalized=False)
            raw.add_special_tokens([added]) if kind == _CONTROL else raw.add_tokens([added])
    if vocabulary.adds_bos and vocabulary.bos_id is not None:
        bos = vocabulary.tokens[vocabulary.bos_id]
        raw.post_processor = processors.TemplateProcessing(
            single=f"{bos} $A", pair=f"{bos} $A $B", special_tokens=[(bos, vocabulary.bos_id)]
        )
    return raw


def _by_rank(vocabulary: Vocabulary) -> Tokenizer:
    ids = {token: number for number, token in enumerate(vocabulary.tokens)}
    merges = [(left, right) for left, _, right in (pair.partition(" ") for pair in vocabulary.merges)]
    # Llama 3 takes a whole word that it knows without merging it.
    raw = Tokenizer(models.BPE(vocab=ids, merges=merges, ignore_merges=vocabulary.split == "llama-bpe"))
    if vocabulary.split == "qwen2":
        raw.normalizer = normalizers.NFC()
    raw.pre_tokenizer = pre_tokenizers.Sequence(
        [*_SPLITS[vocabulary.split], pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    raw.decoder = decoders.ByteLevel()
    return raw


def _by_score(vocabulary: Vocabulary) -> Tokenizer:
    ids = {token: number for number, token in enumerate(vocabulary.tokens)}
    unknown = None if vocabulary.unknown_id is None else vocabulary.tokens[vocabulary.unknown_id]
    raw = Tokenizer(
        models.BPE(vocab=ids, merges=merges_of(vocabulary), byte_fallback=True, fuse_unk=True, unk_token=unknown)
    )
    spaces = [normalizers.Replace(" ", "▁")]
    raw.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), *spaces] if vocabulary.adds_space else spaces)
    parts = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    raw.decoder = decoders.Sequence([*parts, decoders.Strip(" ", 1, 0)] if vocabulary.adds_space else parts)
    return raw


def merges_of(vocabulary: Vocabulary) -> list[tuple[str, str]]:
    """The merges that a vocabulary with scores stands for: every way to make a token of two others, best token first."""
    mergeable = {
        token: score
        for token, score, kind in zip(vocabulary.tokens, vocabulary.scores, vocabulary.types, strict=True)
        if kind not in (_CONTROL, _BYTE)
    }
    ids = {token: number for number, token in enumerate(vocabulary.tokens)}
    found = [
        (-score, ids[token[:cut]], ids[token[cut:]], token[:cut], token[cut:])
        for token, score in mergeable.items()
        for cut in range(1, len(token))
        if token[:cut] in mergeable and token[cut:] in mergeable
    ]
    return [(left, right) for *_, left, right in sorted(found)]


def _write_weights(source: Path, folder: Path, precision: Precision) -> None:
    """Dequantised weights, configuration and end token of the model, as safetensors."""
    if not gpus_here():  # transformers imports DeepSpeed, which warns where it has to find out
        os.environ.setdefault("DS_ACCELERATOR", "cpu")
    import torch
    from transformers import AutoModelForCausalLM, GgufConfig
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    dtype = torch.float32 if precision == "fp32" else torch.bfloat16
    try:
        model = AutoModelForCausalLM.from_pretrained(
            str(source.parent),
            gguf_file=source.name,
            quantization_config=GgufConfig(dequantize=True),
            dtype=dtype,
            local_files_only=True,
        )
    except (ValueError, KeyError, NotImplementedError) as error:
        message = str(error).splitlines()[0]
        raise UserError(f"its weights cannot be unpacked: {message}", where=source) from None
    model.config._name_or_path = ""
    model.save_pretrained(str(folder))


def _write_tokenizer(tokenizer: Tokenizer, header: Header, folder: Path) -> None:
    vocabulary = header.vocabulary
    tokenizer.save(str(folder / "tokenizer.json"))
    names = {"bos_token": vocabulary.bos_id, "eos_token": vocabulary.eos_id, "pad_token": vocabulary.pad_id}
    names["unk_token"] = vocabulary.unknown_id
    facts: dict[str, Any] = {name: vocabulary.tokens[number] for name, number in names.items() if number is not None}
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False, **facts}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2, ensure_ascii=False), encoding="utf-8")
    if header.chat_template is not None:
        (folder / "chat_template.jinja").write_text(header.chat_template, encoding="utf-8")
