"""Tiny random models of the real architectures, with tokenizers of the real kinds, made from their own classes.

What is checked with them: BLOOM's ALiBi and byte-level BPE, Gemma's wide heads and byte-fallback BPE, Llama 3.2's grouped
heads, scaled rotary positions, tied embeddings and begin-of-text token. Nothing here has learned anything.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from gradus.data.gradeschool.primer import primer
from gradus.runtime.atomic import let_others_read

FAMILIES = ("bloom", "gemma", "llama")
# The seven students of the paper: what they are stand-ins for, a little different in shape so that none is another's copy.
PAPER: dict[str, tuple[str, dict[str, Any]]] = {
    "bloom-560m": ("bloom", {}),
    "bloom-1b1": ("bloom", {"hidden_size": 48}),
    "bloom-1b7": ("bloom", {"hidden_size": 64}),
    "bloom-3b": ("bloom", {"hidden_size": 64, "n_layer": 3}),
    "gemma-2b": ("gemma", {"max_position_embeddings": 4096}),
    "llama-3.2-1b": ("llama", {"max_position_embeddings": 4096}),
    "llama-3.2-3b": ("llama", {"max_position_embeddings": 4096, "num_hidden_layers": 3}),
}
TEMPLATES = {"bloom": "alpaca", "gemma": "gemma", "llama": "llama3"}
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
# Writes the date of the day unless it is given one, as Llama 3's own template does.
DATED = (
    "{{ bos_token }}{% if not date_string is defined %}{% set date_string = strftime_now('%d %b %Y') %}{% endif %}"
    "<|start_header_id|>system<|end_header_id|>\n\nToday Date: {{ date_string }}<|eot_id|>"
    "{% for message in messages %}<|start_header_id|>{{ message['role'] }}<|end_header_id|>\n\n"
    "{{ message['content'] | trim }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)


def make(family: str, folder: Path, *, chat_template: str | None = None, seed: int = 0, **config: Any) -> Path:
    """Write a model folder as a hub snapshot has it; ``config`` overrides keys of the configuration."""
    import torch
    from transformers import PreTrainedTokenizerFast
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    raw, names = _TOKENIZERS[family](primer(1, 200))
    extra = ["<|im_start|>", "<|im_end|>"] if chat_template == CHATML else []
    raw.add_special_tokens(extra)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, **names)
    if chat_template is not None:
        tokenizer.chat_template = chat_template
    torch.manual_seed(seed)
    model = _MODELS[family](raw.get_vocab_size(), config)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save_pretrained(str(folder))
    model.save_pretrained(str(folder))
    let_others_read(folder)
    return folder


def _bloom_tokenizer(texts: list[str]) -> tuple[Tokenizer, dict[str, str]]:
    raw = Tokenizer(models.BPE())
    words = pre_tokenizers.Split(Regex(r" ?[^(\s|[.,!?…。，、।۔،])]+"), "isolated")
    raw.pre_tokenizer = pre_tokenizers.Sequence(
        [words, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    raw.decoder = decoders.ByteLevel()
    raw.post_processor = processors.ByteLevel(trim_offsets=False)
    special = ["<unk>", "<s>", "</s>", "<pad>"]
    _train(raw, texts, special)
    return raw, dict(zip(("unk_token", "bos_token", "eos_token", "pad_token"), special, strict=True))


def _llama_tokenizer(texts: list[str]) -> tuple[Tokenizer, dict[str, str]]:
    raw = Tokenizer(models.BPE(ignore_merges=True))
    words = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    pattern = rf"{words}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    raw.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    raw.decoder = decoders.ByteLevel()
    special = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
    _train(raw, texts, special)
    raw.post_processor = processors.TemplateProcessing(
        single=f"{special[0]} $A", special_tokens=[(special[0], raw.token_to_id(special[0]))]
    )
    return raw, {"bos_token": special[0], "eos_token": special[1]}


def _gemma_tokenizer(texts: list[str]) -> tuple[Tokenizer, dict[str, str]]:
    spaces = normalizers.Replace(" ", "▁")
    trained = Tokenizer(models.BPE())
    trained.normalizer = spaces
    trained.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"]
    fallback = [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=700, special_tokens=[*special, *fallback], show_progress=False)
    trained.train_from_iterator(texts, trainer)
    import json

    facts = json.loads(trained.to_str())["model"]
    merges = [tuple(pair) for pair in facts["merges"]]
    raw = Tokenizer(
        models.BPE(vocab=facts["vocab"], merges=merges, byte_fallback=True, fuse_unk=True, unk_token="<unk>")
    )
    raw.normalizer = spaces
    raw.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    raw.add_special_tokens(special)
    raw.post_processor = processors.TemplateProcessing(
        single="<bos> $A", special_tokens=[("<bos>", raw.token_to_id("<bos>"))]
    )
    return raw, dict(zip(("pad_token", "eos_token", "bos_token", "unk_token"), special, strict=False))


def _train(raw: Tokenizer, texts: list[str], special: list[str]) -> None:
    trainer = trainers.BpeTrainer(
        vocab_size=500,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    raw.train_from_iterator(texts, trainer)


def _bloom(vocabulary: int, config: dict[str, Any]) -> Any:
    from transformers import BloomConfig, BloomForCausalLM

    shape = {"hidden_size": 32, "n_layer": 2, "n_head": 4}
    tokens = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 3}
    return BloomForCausalLM(BloomConfig(vocab_size=vocabulary, **{**shape, **tokens, **config}))


def _gemma(vocabulary: int, config: dict[str, Any]) -> Any:
    from transformers import GemmaConfig, GemmaForCausalLM

    shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    shape |= {"num_key_value_heads": 1, "head_dim": 16, "max_position_embeddings": 1024}
    tokens = {"pad_token_id": 0, "eos_token_id": 1, "bos_token_id": 2}
    return GemmaForCausalLM(GemmaConfig(vocab_size=vocabulary, **{**shape, **tokens, **config}))


def _llama(vocabulary: int, config: dict[str, Any]) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    shape |= {"num_key_value_heads": 2, "max_position_embeddings": 1024, "tie_word_embeddings": True}
    scaling = {"rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
    scaling |= {"original_max_position_embeddings": 256, "rope_theta": 500000.0}
    tokens = {"bos_token_id": 0, "eos_token_id": 1}
    return LlamaForCausalLM(
        LlamaConfig(vocab_size=vocabulary, **{**shape, "rope_parameters": scaling, **tokens, **config})
    )


_TOKENIZERS = {"bloom": _bloom_tokenizer, "gemma": _gemma_tokenizer, "llama": _llama_tokenizer}
_MODELS = {"bloom": _bloom, "gemma": _gemma, "llama": _llama}
