"""The outline of a student: its modules without weights (torch's meta device), held against what the study asks."""

from __future__ import annotations

import copy
from importlib.util import find_spec
from typing import Any

import torch

from gradus.students.model_config import model_config
from gradus.students.templates import Template
from gradus.students.tokens import Tokens
from gradus.students.training.modelling import NO_FOUR_BITS, unknown_modules, with_adapter
from gradus.students.trial.findings import Findings
from gradus.study.config.students import Recipe
from gradus.study.config.training import StudentDemands

_PACKAGES = {"flash_attention_2": "flash_attn", "flash_attention_3": "flash_attn_interface"}


def build_outline(config: Any, attention: str | None, findings: Findings) -> Any | None:
    """The model on the meta device; None, and why in the findings, where it cannot be built."""
    from transformers import AutoModelForCausalLM

    chosen = {"attn_implementation": attention} if _is_here(attention, findings) and attention else {}
    try:
        with torch.device("meta"):
            return AutoModelForCausalLM.from_config(copy.deepcopy(config), trust_remote_code=False, **chosen)
    except Exception as error:  # whatever a foreign configuration makes transformers' classes raise
        if chosen:
            findings.refuse(
                f"attention: {attention} cannot be used ({str(error).splitlines()[0]})",
                "set recipe.attention to sdpa or eager, or leave it unset",
            )
            return build_outline(config, None, findings)
        findings.refuse(
            f"it cannot be built ({type(error).__name__}: {str(error).splitlines()[0]})", "choose another model"
        )
        return None


def _is_here(attention: str | None, findings: Findings) -> bool:
    """Whether an attention implementation can be chosen on this machine; one that needs a GPU is known by its package alone."""
    package = _PACKAGES.get(attention or "", "kernels" if "/" in (attention or "") else None)
    if package is None:
        return True
    if find_spec(package) is None:
        findings.refuse(
            f"attention: {attention} needs the package {package}, which is not installed",
            "install it, or leave recipe.attention unset",
        )
        return False
    return torch.cuda.is_available()


def check_ids(model: Any, tokens: Tokens, template: Template | None, findings: Findings) -> None:
    """Every id that can occur in a text or a batch has a row in the table of embeddings."""
    rows = int(model.get_input_embeddings().weight.shape[0])
    beyond = {
        number: text for text, number in tokens.tokenizer.get_vocab(with_added_tokens=True).items() if number >= rows
    }
    named = {tokens.eos_id: "end-of-sequence", tokens.pad_id: "pad"}
    if template is not None:
        named[template.end_id(tokens)] = f"end (template {template.name})"
    for number, name in named.items():
        if number in beyond:
            findings.refuse(
                f"its {name} token {beyond[number]!r} has id {number}, and the model only {rows} rows of embeddings",
                "name another token in tokenizer_config.json, or give a model whose embeddings were resized",
            )
    others = {number: text for number, text in beyond.items() if number not in named}
    ordinary = sorted(number for number in others if number not in tokens.special)
    if ordinary:
        findings.refuse(
            f"{len(ordinary)} tokens of its tokenizer ({others[ordinary[0]]!r}, {ordinary[0]}, ...) lie beyond the "
            f"{rows} rows of its embeddings",
            "give the tokenizer that belongs to the model, or a model whose embeddings were resized",
        )
    elif others:
        findings.note(f"{len(others)} special tokens of its tokenizer lie beyond its embeddings; no text may hold them")


def check_positions(model: Any, demands: StudentDemands, findings: Findings) -> int | None:
    """The model's positions reach as far as training and generation go; returns their number, None without a limit."""
    positions = model_config(model.config.get_text_config().to_dict()).positions
    if positions is None:
        return None
    recipe = demands.recipe
    if recipe.cutoff_tokens > positions:
        findings.refuse(
            f"examples may have {recipe.cutoff_tokens} tokens (recipe.cutoff_tokens), its positions end at {positions}",
            f"set recipe.cutoff_tokens to {positions} or less",
        )
    if demands.new_tokens is not None and demands.new_tokens >= positions:
        findings.refuse(
            f"answers may have {demands.new_tokens} tokens (max_new_tokens of a decoding), its positions end at "
            f"{positions}, prompt included",
            "set max_new_tokens to fewer, or to auto",
        )
    return positions


def check_adapter(model: Any, recipe: Recipe, findings: Findings) -> None:
    """The adapter's modules are there, every name of them; the outline gets the adapter's layers where they are."""
    if recipe.adapter is None:
        return
    if recipe.adapter.four_bit and find_spec("bitsandbytes") is None:
        findings.refuse(*NO_FOUR_BITS.split(": ", 1))
    unknown, linear = unknown_modules(model, recipe.adapter)
    if unknown:
        findings.refuse(
            f"recipe.adapter.modules names {', '.join(map(repr, unknown))}, and the model has no such layer",
            f"its linear layers are {', '.join(linear)}; or write all-linear",
        )
        return
    try:
        with_adapter(model, recipe.adapter)
    except Exception as error:  # peft refuses kinds of layers by errors of many types
        findings.refuse(
            f"recipe.adapter does not fit the model ({str(error).splitlines()[0]})", "name other layers, or train all"
        )
