"""The model of a training: loaded, with its adapters if any, and its optimizer."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from gradus.students.model_config import BESIDE_TEXT, is_beside_text
from gradus.students.training.job import Refused
from gradus.study.config.students import Adapter, Recipe

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
NO_FOUR_BITS = (
    "adapter.four_bit needs the package bitsandbytes, which is not installed: install it, or leave four_bit unset"
)


def load_model(base: str, recipe: Recipe, device: torch.device | str) -> Any:
    """The base model on its device, ready to train: every weight, or adapters on frozen weights (LoRA, arXiv 2106.09685).

    Parts that see pictures or hear stay as they are: no text goes through them, and weight decay would wear them away.
    Of the weights every rank loads a copy; ZeRO-3 shards them afterwards. ``peft`` draws the adapters' initial values
    from torch's generator, which the caller has seeded.
    """
    chosen: dict[str, object] = {"attn_implementation": recipe.attention} if recipe.attention else {}
    if recipe.adapter is not None and recipe.adapter.four_bit:
        chosen |= {"quantization_config": four_bits(recipe), "device_map": {"": device}}
    model: Any = AutoModelForCausalLM.from_pretrained(
        base, dtype=DTYPES[recipe.precision], local_files_only=True, trust_remote_code=False, **chosen
    )
    model.config.use_cache = False
    for module in model.modules():
        # On some processors bitsandbytes (0.50) lays 4-bit weights out for inference once a model is asked without a gradient, as
        # probes and validation do. From then on no gradient passes through them, and nothing says so.
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False
    if recipe.dropout == "off":
        _switch_off_dropout(model)
    for name, parameter in model.named_parameters():
        # Weights in 4 bits lie in bytes, which have no gradient.
        parameter.requires_grad_(parameter.is_floating_point() and not is_beside_text(name))
    if recipe.adapter is not None:
        model = with_adapter(model, recipe.adapter)
    if recipe.gradient_checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    model.train()
    return model if "device_map" in chosen else model.to(device)


def four_bits(recipe: Recipe) -> Any:
    """How QLoRA keeps frozen weights (arXiv 2305.14314): NF4, its constants quantised too, computed with in the recipe's format.

    Raises Refused where bitsandbytes is not installed.
    """
    if find_spec("bitsandbytes") is None:
        raise Refused(NO_FOUR_BITS)
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=DTYPES[recipe.precision],
    )


def _switch_off_dropout(model: Any) -> None:
    """No dropout, neither by modules nor by rates that modules keep for functions; the configuration stays as it was."""
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
        for name, value in list(vars(module).items()):
            if "drop" in name and isinstance(value, float):
                setattr(module, name, 0.0)


def with_adapter(model: Any, adapter: Adapter) -> Any:
    """A model with new adapters in its linear layers; everything else is frozen but the tables that it trains whole."""
    from peft import LoraConfig, get_peft_model

    has_other_parts = any(is_beside_text(name) for name, _ in model.named_modules())
    config = LoraConfig(
        r=adapter.rank,
        lora_alpha=adapter.alpha,  # type: ignore[arg-type]  # a float, as peft computes with it
        lora_dropout=adapter.dropout,
        target_modules=adapter.modules,
        exclude_modules=f".*({'|'.join(BESIDE_TEXT)}).*" if has_other_parts else None,
        task_type="CAUSAL_LM",
    )
    wrapped: Any = get_peft_model(model, config, autocast_adapter_dtype=False)
    # Trained where they are, not as peft's copies (modules_to_save): one table for both ends stays one.
    tables = {"embeddings": model.get_input_embeddings(), "lm_head": model.get_output_embeddings()}
    for name in adapter.train:
        tables[name].requires_grad_(True)
    return wrapped


def unknown_modules(model: Any, adapter: Adapter) -> tuple[list[str], list[str]]:
    """The names of an adapter's modules that the model does not have, and the last names of its own linear layers."""
    names = [name for name, _ in model.named_modules()]
    linear = {
        name.rpartition(".")[2]
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) or type(module).__name__ == "Conv1D"
    }
    if isinstance(adapter.modules, str):
        return [], sorted(linear)
    return [one for one in adapter.modules if not any(f".{name}".endswith(f".{one}") for name in names)], sorted(linear)


def make_optimizer(model: Any, recipe: Recipe) -> torch.optim.Optimizer:
    """AdamW over what is trained, fused where that is the quick way (on GPUs, and on the host for offloaded states)."""
    trained: list[Any] = [parameter for parameter in model.parameters() if parameter.requires_grad]
    fused = {"fused": True} if trained[0].is_cuda or recipe.offload != "none" else {}
    groups = trained
    if recipe.no_decay_norms:
        matrices = [parameter for parameter in trained if parameter.ndim > 1]
        others = [parameter for parameter in trained if parameter.ndim <= 1]
        groups = [{"params": matrices}, *([{"params": others, "weight_decay": 0.0}] if others else [])]
    return torch.optim.AdamW(
        groups,
        lr=recipe.learning_rate,
        betas=(0.9, recipe.beta2),
        weight_decay=recipe.weight_decay,
        **fused,
    )
