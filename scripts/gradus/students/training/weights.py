"""Weights: gathered from all ranks at the end, written as safetensors, read again and compared."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import deepspeed
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, GenerationConfig

from gradus.runtime.atomic import write_json
from gradus.students.training.modelling import DTYPES, with_adapter
from gradus.study.config.students import Recipe


def gather(model: Any, recipe: Recipe) -> dict[str, torch.Tensor]:
    """What the training leaves, whole, on rank 0 (elsewhere nothing): all weights, or those beside a frozen base model."""
    frozen = recipe.adapter is not None
    chosen = [parameter for parameter in model.parameters() if parameter.requires_grad or not frozen]
    with deepspeed.zero.GatheredParameters(chosen, enabled=recipe.zero_stage == 3):
        if torch.distributed.get_rank() != 0:
            return {}
        tied = _other_names(model)
        trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
        return {
            name: tensor.detach().cpu().clone()
            for name, tensor in model.state_dict().items()
            if name not in tied and (not frozen or name in trained)
        }


def _other_names(model: Any) -> set[str]:
    """Second names of tensors (tied embeddings): written under each, a large vocabulary would cost gigabytes."""
    names = {name for name, _ in model.named_parameters(remove_duplicate=False)}
    return names - {name for name, _ in model.named_parameters()}


def write(
    model: Any, state: dict[str, torch.Tensor], base: str, recipe: Recipe, end_ids: list[int], target: Path
) -> None:
    """Write the weights as a model folder that any loader of transformers takes; adapters merged, and beside in `adapter`.

    RuntimeError where what is read back differs from what was trained.
    """
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    if recipe.adapter is None:
        _save(model, state, recipe, end_ids, target)
        return
    fresh = AutoModelForCausalLM.from_pretrained(
        base, dtype=DTYPES[recipe.precision], local_files_only=True, trust_remote_code=False
    )
    wrapped = with_adapter(fresh, recipe.adapter)
    wrapped.load_state_dict(state, strict=False)
    wrapped.save_pretrained(str(target / "adapter"), save_embedding_layers=bool(recipe.adapter.train))
    _settle(target / "adapter" / "adapter_config.json")
    read = load_file(target / "adapter" / "adapter_model.safetensors")
    kept = sum(tensor.numel() for name, tensor in read.items() if "lora_" in name)
    tables = {name: tensor for name, tensor in state.items() if "lora_" not in name}
    if kept != sum(tensor.numel() for name, tensor in state.items() if name not in tables) or not all(
        any(torch.equal(tensor, one) for one in read.values()) for tensor in tables.values()
    ):
        raise RuntimeError(f"the adapters in {target} are not those that were trained")
    merged = wrapped.merge_and_unload()
    tied = _other_names(merged)
    whole = {name: tensor.detach().clone() for name, tensor in merged.state_dict().items() if name not in tied}
    _save(merged, whole, recipe, end_ids, target)


def _save(model: Any, state: dict[str, torch.Tensor], recipe: Recipe, end_ids: list[int], target: Path) -> None:
    model.config.use_cache = True
    if model.generation_config is not None:  # the base model's own end may be another than the learned one
        model.generation_config.eos_token_id = end_ids if len(end_ids) > 1 else end_ids[0]
        model.generation_config = _savable(model.generation_config)
    saved = DTYPES[recipe.save_precision or recipe.precision]
    if saved is not DTYPES[recipe.precision]:
        state = {name: tensor.to(saved) if tensor.is_floating_point() else tensor for name, tensor in state.items()}
    model.save_pretrained(target, state_dict=state)
    if saved is not DTYPES[recipe.precision]:
        _name_format(target / "config.json", str(saved).removeprefix("torch."))
    _compare(target, state)


def _savable(settings: Any) -> Any:
    """Settings for generation as they are, or, where transformers would refuse to write them (as some models are published),
    their tokens alone: a finished training must not fail over them."""
    try:
        settings.validate(strict=True)
    except ValueError:
        tokens = {name: getattr(settings, name) for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
        return GenerationConfig(**tokens)
    return settings


def _name_format(path: Path, dtype: str) -> None:
    """Let a configuration, and those of its parts, name the number format of the weights beside it."""
    facts = json.loads(path.read_text(encoding="utf-8"))
    for section in (facts, *(one for one in facts.values() if isinstance(one, dict))):
        if "dtype" in section:
            section["dtype"] = dtype
    write_json(path, facts)


def _settle(path: Path) -> None:
    """The base model is named in the manifest; a path of this machine has no place in weights that travel, nor has chance.

    peft writes its sets of module names in any order.
    """
    facts = json.loads(path.read_text(encoding="utf-8"))
    facts["base_model_name_or_path"] = None
    facts = {key: sorted(value) if isinstance(value, list) else value for key, value in facts.items()}
    write_json(path, facts)


def _compare(target: Path, state: dict[str, torch.Tensor]) -> None:
    """Load what was written and compare it with what was trained; RuntimeError where they differ."""
    read = AutoModelForCausalLM.from_pretrained(
        str(target), local_files_only=True, trust_remote_code=False, dtype="auto"
    ).state_dict()
    for name, tensor in state.items():
        if name not in read or not torch.equal(read[name].to(tensor.dtype), tensor):
            raise RuntimeError(f"tensor {name!r} in {target} differs from the trained one")
