"""Attention over samples that lie end to end: each sample by itself, instead of one mask over the whole row.

transformers keeps packed samples apart by a mask of the row's length squared, which torch's quick kernels do not take: on an
H200 a step of SmolLM2-135M took 0.64 s with it. Here each sample goes through torch's attention alone, causal and without a
mask; where a layer sees less than that (a sliding window), with its own square of the mask.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

NAME = "gradus_packed"

# transformers calls attention by its name and passes no boundaries to it. Gradient checkpointing calls it once more in the
# backward pass, so the boundaries stay until the next forward pass; a process trains one model.
_ends: tuple[int, ...] = ()


def lay_out(lengths: Sequence[int] | None) -> None:
    """Say how long the samples of the next forward pass are; None where they are rows of their own."""
    global _ends
    ends, total = [], 0
    for length in lengths or ():
        total += length
        ends.append(total)
    _ends = tuple(ends)


def use(model: Any) -> bool:
    """Let a model attend sample by sample, if it attends by torch's own function; whether it does now."""
    if model.config.get_text_config()._attn_implementation != "sdpa":
        return False
    AttentionInterface.register(NAME, _attend)
    AttentionMaskInterface.register(NAME, _mask)
    model.set_attn_implementation(NAME)
    return True


def leave(model: Any) -> None:
    """Let the model attend over the whole row again."""
    model.set_attn_implementation("sdpa")


def _attend(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    **others: Any,
) -> tuple[torch.Tensor, None]:
    """torch's attention over each sample; [1, heads, tokens, width] each, and [1, tokens, heads, width] as found."""
    if len(_ends) < 2:
        return sdpa_attention_forward(module, query, key, value, attention_mask, **others)
    found = []
    for start, end in zip((0, *_ends), _ends, strict=False):
        own = slice(start, end)
        mask = None if attention_mask is None else attention_mask[..., own, own].contiguous()
        part, _ = sdpa_attention_forward(module, query[:, :, own], key[:, :, own], value[:, :, own], mask, **others)
        found.append(part)
    return torch.cat(found, dim=1), None


def _mask(*, mask_function: Any, **asked: Any) -> torch.Tensor | None:
    """No mask where each sample sees all of itself up to here; else transformers' own."""
    if len(_ends) > 1 and _is_plain(mask_function, asked["device"]):
        return None
    made: torch.Tensor | None = sdpa_mask(mask_function=mask_function, **asked)
    return made


def _is_plain(mask_function: Any, device: torch.device | str) -> bool:
    """Whether the last token of each sample sees its first one, and the first one does not see the last."""
    firsts = torch.tensor((0, *_ends[:-1]), device=device)
    lasts = torch.tensor(_ends, device=device) - 1
    none = torch.zeros_like(firsts)
    sees, ahead = mask_function(none, none, lasts, firsts), mask_function(none, none, firsts, lasts)
    return bool((sees & (~ahead | (firsts == lasts))).all())
