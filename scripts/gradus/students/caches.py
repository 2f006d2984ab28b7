"""Caches: what a model keeps of the tokens that it has read, and how rows that were read apart go on as one batch.

transformers has a class for a layer's memory. Attention keeps keys and values of all tokens, or of a window of them;
convolutions and state spaces keep a state of fixed size, whose computation a token of padding may enter.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers.cache_utils import (
    DummyLayer,
    DynamicCache,
    DynamicLayer,
    DynamicSlidingWindowLayer,
    LinearAttentionAndFullAttentionLayer,
    LinearAttentionAndSlidingWindowAttentionLayer,
    LinearAttentionCacheLayerMixin,
    LinearAttentionLayer,
)

from gradus.runtime.errors import UserError

_ATTENTION = (DynamicLayer, DynamicSlidingWindowLayer, DummyLayer)
_STATES = (
    LinearAttentionLayer,
    LinearAttentionAndFullAttentionLayer,
    LinearAttentionAndSlidingWindowAttentionLayer,
)


@dataclass(frozen=True)
class CacheKind:
    """What a model's cache takes and allows.

    ``row_bytes`` of every row and ``token_bytes`` of every token in it; ``padded``: prompts of different lengths may be
    read together, filled up on the left; ``joined``: rows that were read apart can go on as one batch.
    """

    row_bytes: int
    token_bytes: int
    padded: bool
    joined: bool


def cache_name(model: Any) -> str:
    """What the model calls its cache, as an argument and in what it returns."""
    names = inspect.signature(model.forward).parameters
    return "cache_params" if "cache_params" in names else "past_key_values"


@torch.inference_mode()
def cache_kind(model: Any) -> CacheKind:
    """Tried out: the cache after one token and after two. Raises UserError for a model that keeps none of transformers'."""
    name = cache_name(model)
    sizes: list[int] = []
    kinds: set[type] = set()
    for tokens in (1, 2):
        ids = torch.zeros((1, tokens), dtype=torch.long, device=model.device)
        out = model(input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=True)
        cache: Any = getattr(out, name, None)
        if type(cache) is not DynamicCache:  # MiniMax derives one with states that are in no layer
            raise UserError(
                f"{type(model).__name__} keeps nothing of what it has read in a form that the engine knows",
                hint="choose a decoder whose cache is one of transformers' (docs/reference/students.md has a table)",
            )
        sizes.append(
            sum(tensor.numel() * tensor.element_size() for layer in cache.layers for tensor in _tensors(layer))
        )
        kinds |= {type(layer) for layer in cache.layers}
    token_bytes = sizes[1] - sizes[0]
    return CacheKind(
        row_bytes=sizes[0] - token_bytes,
        token_bytes=token_bytes,
        padded=kinds <= {*_ATTENTION},
        joined=kinds <= {*_ATTENTION, *_STATES},
    )


def join(caches: Sequence[Any], width: int) -> Any:
    """One cache for all rows of several, each read with fewer than or as many as ``width`` tokens.

    Keys and values are filled up on the left, which the mask hides, as if all rows had been read with that width.
    """
    joined = caches[0]
    for number, layer in enumerate(joined.layers):
        parts = [cache.layers[number] for cache in caches]
        if isinstance(layer, DynamicLayer) and layer.is_initialized:
            kept = width
            if isinstance(layer, DynamicSlidingWindowLayer):
                kept = min(width, layer.sliding_window - 1)
                layer.cumulative_length = width
            layer.keys, layer.values = (
                torch.cat([_filled(getattr(part, name), kept) for part in parts]) for name in ("keys", "values")
            )
        if isinstance(layer, LinearAttentionCacheLayerMixin):
            for states in ("conv_states", "recurrent_states"):
                for index, state in getattr(layer, states).items():
                    if state is not None:
                        getattr(layer, states)[index] = torch.cat([getattr(part, states)[index] for part in parts])
    return joined


def _filled(cached: torch.Tensor, width: int) -> torch.Tensor:
    """Keys or values [rows, heads, tokens, width] with empty tokens before them."""
    by = width - cached.shape[2]
    return torch.nn.functional.pad(cached, (0, 0, by, 0)) if by else cached


def _tensors(layer: Any) -> Iterator[torch.Tensor]:
    """The tensors of a layer that hold a row's past."""
    for name, kept in vars(layer).items():
        for one in kept.values() if isinstance(kept, dict) else [kept]:
            if isinstance(one, torch.Tensor) and name != "_sliding_window_tensor":
                yield one
