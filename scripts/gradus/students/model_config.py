"""What a model's ``config.json`` says, whichever words its family has for it, read without transformers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradus.runtime.jsonl import read_json

# The words of the families for one thing, the commonest first.
_POSITIONS = ("max_position_embeddings", "n_positions", "max_seq_len", "max_sequence_length", "n_ctx", "seq_length")
_HIDDEN = ("hidden_size", "n_embd", "n_embed", "d_model", "dim")
_LAYERS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
_HEADS = ("num_attention_heads", "n_head", "n_heads", "num_heads")
# Families that look their positions up in a table: beyond its end there is nothing, where others only grow unsure.
_TABLES = ("gpt2", "gpt_neo", "gpt_bigcode", "opt", "openai-gpt", "biogpt", "ctrl")
# How the parts of a model are called that no text goes through.
BESIDE_TEXT = ("vision", "visual", "audio", "image", "multi_modal")


@dataclass(frozen=True)
class ModelConfig:
    """The shape of a decoder, or of the text part of a model that sees pictures too; 0 where the file does not tell.

    ``positions``: the longest sequence in tokens; None where nothing limits it, or the file does not tell. ``ends_there``:
    the model cannot read a token beyond them at all.
    """

    vocabulary: int
    hidden: int
    layers: int
    heads: int
    head_width: int
    positions: int | None
    ends_there: bool


def read_model_config(folder: str | Path) -> ModelConfig:
    """The configuration of a model folder; UserError where there is none."""
    return model_config(read_json(Path(folder) / "config.json"))


def model_config(facts: Mapping[str, Any]) -> ModelConfig:
    """What a configuration says; a text part inside it (Gemma 3, Mistral 3 ...) speaks for the whole."""
    inner = facts.get("text_config")
    sections = [inner, facts] if isinstance(inner, Mapping) else [facts]

    def first(names: tuple[str, ...]) -> int:
        found = (section.get(name) for section in sections for name in names)
        return next((value for value in found if isinstance(value, int)), 0)

    hidden, heads = first(_HIDDEN), first(_HEADS)
    width = first(("head_dim",)) or (hidden // heads if heads else 0)
    positions = None if _counts_no_positions(facts) else first(_POSITIONS) or None
    ends_there = positions is not None and facts.get("model_type") in _TABLES
    return ModelConfig(first(("vocab_size",)), hidden, first(_LAYERS), heads, width, positions, ends_there)


def is_beside_text(name: str) -> bool:
    """Whether a module or weight of this name belongs to a part that sees pictures or hears."""
    return any(part in name for part in BESIDE_TEXT)


def _counts_no_positions(facts: Mapping[str, Any]) -> bool:
    """Whether distance alone counts (ALiBi in BLOOM, MPT, Falcon): what such files call a length limits nothing."""
    attention = facts.get("attn_config")
    inside = isinstance(attention, Mapping) and bool(attention.get("alibi"))
    return inside or bool(facts.get("alibi")) or facts.get("model_type") == "bloom"
