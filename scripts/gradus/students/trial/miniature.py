"""A miniature: the same architecture with one layer of each kind, few words and random weights, small enough to run anywhere."""

from __future__ import annotations

import copy
from typing import Any

import torch

from gradus.students.trial.findings import Findings

_WORDS = 64
_EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts")
_LARGEST = 300_000_000  # weights, 1.2 GB: a login node's share


def miniature(config: Any, attention: str | None, findings: Findings) -> Any | None:
    """The model, in fp32 on the CPU; None, with a note, where it cannot be made so small or does not run."""
    from transformers import AutoModelForCausalLM

    later = "what only running it shows is tried before the first step of its training"
    chosen = {"attn_implementation": attention} if attention in ("eager", "sdpa") else {}
    try:
        small = _small(config)
        with torch.device("meta"):
            outline = AutoModelForCausalLM.from_config(small, trust_remote_code=False)
        if sum(parameter.numel() for parameter in outline.parameters()) > _LARGEST:
            findings.note(f"too wide to be run here: {later}")
            return None
        with torch.random.fork_rng():
            torch.manual_seed(0)
            model = AutoModelForCausalLM.from_config(small, dtype=torch.float32, trust_remote_code=False, **chosen)
        with torch.no_grad():
            model.eval()(input_ids=torch.arange(6)[None], use_cache=False)
    except Exception as error:  # a configuration that bears no such cuts
        findings.note(f"no miniature of it runs here ({type(error).__name__}): {later}")
        return None
    return model


def _small(config: Any) -> Any:
    small = copy.deepcopy(config)
    text = small.get_text_config()
    _cut_layers(text)
    text.vocab_size = _WORDS
    for one in {id(small): small, id(text): text}.values():
        for name in ("pad_token_id", "bos_token_id", "eos_token_id"):
            setattr(one, name, None)
    for name in _EXPERTS:
        if isinstance(getattr(text, name, None), int):
            setattr(text, name, min(8, getattr(text, name)))
    for part in ("vision_config", "audio_config"):
        section = getattr(small, part, None)
        if section is not None and isinstance(getattr(section, "num_hidden_layers", None), int):
            section.num_hidden_layers = 1
    return small


def _cut_layers(text: Any) -> None:
    """One layer of each kind, two where all are of one kind: lists of one entry a layer tell the kinds."""
    layers = int(text.num_hidden_layers)
    lists = {
        name: value
        for name, value in vars(text).items()
        if isinstance(value, list | tuple) and len(value) == layers and layers > 1
    }
    kinds: dict[str, int] = {}
    for index in range(layers):
        kinds.setdefault(repr([value[index] for value in lists.values()]), index)
    chosen = list(kinds.values()) if len(kinds) > 1 else list(range(min(2, layers)))
    for name, value in lists.items():
        setattr(text, name, [value[index] for index in chosen])
    text.num_hidden_layers = len(chosen)
