"""Tiny random models of many architectures, made from transformers' own classes: what students are tried out with.

Each stands for its family: the same layers, caches and switches as its published models, in widths of a few dozen. None has
learned anything, and none has a tokenizer (`tiny_models` has those with one).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

VOCABULARY = 300
# Keys that most configurations share, with the sizes used here.
_SHAPE: Mapping[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 256,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
_GROUPED = {"num_key_value_heads": 2}
_EXPERTS = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32}
_WINDOW = {"sliding_window": 8}
_MIXED = {**_WINDOW, "layer_types": ["sliding_attention", "full_attention"]}
# What of a model's past its layers keep, in the words of the table of families.
FULL, SLIDING, CONVOLUTION, STATE = "all of it", "a window", "a convolution", "a state"

# SmolLM3 and Ministral run there by its transformers backend.
_NOT_IN_VLLM = ("gpt_neo", "ministral", "smollm3")


@dataclass(frozen=True)
class Architecture:
    """``models``: published models that are of it; ``keeps``: what its layers keep of the tokens read; ``in_vllm``: whether
    vLLM's registry has a class of its own for it (read there, not run)."""

    model_type: str
    models: str
    keeps: str = FULL
    config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def in_vllm(self) -> bool:
        """See the class."""
        return self.model_type not in _NOT_IN_VLLM


ARCHITECTURES: Mapping[str, Architecture] = {
    one.model_type: one
    for one in (
        Architecture("llama", "Llama 2 and 3, SmolLM, SmolLM2, TinyLlama", FULL, _GROUPED),
        Architecture("mistral", "Mistral 7B", SLIDING, {**_GROUPED, **_WINDOW}),
        Architecture("mixtral", "Mixtral", FULL, {**_GROUPED, "num_local_experts": 4, "num_experts_per_tok": 2}),
        Architecture("ministral", "Ministral", SLIDING, {**_GROUPED, **_MIXED, "head_dim": 8}),
        Architecture("qwen2", "Qwen1.5, Qwen2, Qwen2.5, DeepSeek-R1-Distill-Qwen", FULL, _GROUPED),
        Architecture(
            "qwen2_moe",
            "Qwen1.5-MoE, Qwen2-57B-A14B",
            FULL,
            {**_GROUPED, **_EXPERTS, "shared_expert_intermediate_size": 32},
        ),
        Architecture("qwen3", "Qwen3", FULL, {**_GROUPED, "head_dim": 8}),
        Architecture("qwen3_moe", "Qwen3-30B-A3B", FULL, {**_GROUPED, **_EXPERTS, "head_dim": 8}),
        Architecture(
            "qwen3_next",
            "Qwen3-Next",
            STATE,
            {
                **_GROUPED,
                **_EXPERTS,
                "head_dim": 8,
                "shared_expert_intermediate_size": 32,
                "linear_num_key_heads": 2,
                "linear_num_value_heads": 4,
                "linear_key_head_dim": 8,
                "linear_value_head_dim": 8,
                "layer_types": ["linear_attention", "full_attention"],
            },
        ),
        Architecture("gemma", "Gemma", FULL, {"num_key_value_heads": 1, "head_dim": 8}),
        Architecture("gemma2", "Gemma 2", SLIDING, {**_GROUPED, **_MIXED, "head_dim": 8}),
        Architecture("gemma3_text", "Gemma 3", SLIDING, {**_GROUPED, **_MIXED, "head_dim": 8}),
        Architecture("phi", "Phi-1.5, Phi-2", FULL),
        Architecture("phi3", "Phi-3, Phi-4", SLIDING, {**_GROUPED, **_WINDOW}),
        Architecture("gpt2", "GPT-2, DistilGPT-2", FULL),
        Architecture(
            "gpt_neo",
            "GPT-Neo",
            FULL,
            {"num_layers": 2, "attention_types": [[["global", "local"], 1]], "window_size": 8},
        ),
        Architecture("gptj", "GPT-J", FULL, {"rotary_dim": 4}),
        Architecture("gpt_neox", "Pythia, GPT-NeoX", FULL),
        Architecture("gpt_bigcode", "StarCoder, SantaCoder", FULL),
        Architecture("bloom", "BLOOM, BLOOMZ", FULL),
        Architecture("opt", "OPT", FULL, {"ffn_dim": 64, "word_embed_proj_dim": 32}),
        Architecture("falcon", "Falcon", FULL),
        Architecture("mpt", "MPT", FULL, {"d_model": 32, "n_heads": 4, "n_layers": 2, "max_seq_len": 256}),
        Architecture("stablelm", "StableLM 2", FULL, {"num_key_value_heads": 4}),
        Architecture("starcoder2", "StarCoder2", SLIDING, {**_GROUPED, **_WINDOW}),
        Architecture("olmo", "OLMo", FULL, _GROUPED),
        Architecture("olmo2", "OLMo 2", FULL, _GROUPED),
        Architecture("olmo3", "OLMo 3", SLIDING, {**_GROUPED, **_MIXED}),
        Architecture("olmoe", "OLMoE", FULL, {**_GROUPED, "num_experts": 4, "num_experts_per_tok": 2}),
        Architecture("granite", "Granite 3", FULL, {**_GROUPED, "attention_multiplier": 0.3, "logits_scaling": 2.0}),
        Architecture(
            "granitemoe",
            "Granite 3 MoE",
            FULL,
            {**_GROUPED, "logits_scaling": 2.0, "num_local_experts": 4, "num_experts_per_tok": 2},
        ),
        Architecture(
            "granitemoehybrid",
            "Granite 4",
            STATE,
            {
                **_GROUPED,
                "logits_scaling": 2.0,
                "num_local_experts": 4,
                "num_experts_per_tok": 2,
                "shared_intermediate_size": 32,
                "layer_types": ["mamba", "attention"],
                "mamba_n_heads": 4,
                "mamba_d_head": 16,
                "mamba_d_state": 8,
                "mamba_n_groups": 1,
                "mamba_chunk_size": 8,
            },
        ),
        Architecture("cohere", "Command R", FULL, _GROUPED),
        Architecture("cohere2", "Command R7B", SLIDING, {**_GROUPED, **_MIXED}),
        Architecture("smollm3", "SmolLM3", FULL, {**_GROUPED, "no_rope_layers": [1, 0]}),
        Architecture("exaone4", "EXAONE 4", SLIDING, {**_GROUPED, **_MIXED}),
        Architecture(
            "gpt_oss",
            "gpt-oss",
            SLIDING,
            {**_GROUPED, **_MIXED, "head_dim": 8, "num_local_experts": 4, "num_experts_per_tok": 2},
        ),
        Architecture("lfm2", "LFM2", CONVOLUTION, {**_GROUPED, "layer_types": ["conv", "full_attention"]}),
        Architecture("mamba", "Mamba", STATE, {"state_size": 8}),
        Architecture(
            "mamba2",
            "Mamba-2",
            STATE,
            {"state_size": 8, "num_heads": 4, "head_dim": 16, "n_groups": 1, "chunk_size": 8},
        ),
        Architecture("falcon_mamba", "Falcon Mamba", STATE, {"state_size": 8}),
        Architecture(
            "falcon_h1",
            "Falcon-H1",
            STATE,
            {
                **_GROUPED,
                "head_dim": 8,
                "lm_head_multiplier": 0.5,
                "mamba_d_ssm": 64,
                "mamba_n_heads": 4,
                "mamba_d_head": 16,
                "mamba_d_state": 8,
                "mamba_chunk_size": 8,
            },
        ),
        Architecture(
            "deepseek_v3",
            "DeepSeek-V3, DeepSeek-R1",
            FULL,
            {
                "moe_intermediate_size": 32,
                "n_routed_experts": 4,
                "num_experts_per_tok": 2,
                "n_group": 1,
                "topk_group": 1,
                "first_k_dense_replace": 1,
                "num_key_value_heads": 4,
                "kv_lora_rank": 16,
                "q_lora_rank": 16,
                "qk_rope_head_dim": 4,
                "qk_nope_head_dim": 8,
                "v_head_dim": 8,
            },
        ),
        Architecture("glm4", "GLM-4", FULL, {**_GROUPED, "head_dim": 8}),
        Architecture("nemotron", "Minitron, Nemotron", FULL, _GROUPED),
        Architecture("seed_oss", "Seed-OSS", FULL, {**_GROUPED, "head_dim": 8}),
    )
}


def make_config(name: str, **overrides: Any) -> Any:
    """The configuration of a tiny model of an architecture; ``overrides`` change keys of it."""
    from transformers import AutoConfig

    return AutoConfig.for_model(name, **{**_SHAPE, **ARCHITECTURES[name].config, **overrides})


def make_model(name: str, *, seed: int = 0, **overrides: Any) -> Any:
    """A tiny model with random weights, large enough that it writes different tokens after different prompts."""
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    torch.manual_seed(seed)
    model: Any = AutoModelForCausalLM.from_config(
        make_config(name, tie_word_embeddings=False, initializer_range=0.3, **overrides)
    )
    return model.eval()
