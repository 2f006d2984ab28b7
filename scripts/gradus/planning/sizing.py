"""Sizing: which training of the paper's students fits which GPU, and what else it takes.

Bytes of weights, gradients and optimizer were counted in a DeepSpeed engine (a test counts them again); activations follow
from the shapes (after Korthikanti et al. 2022, arXiv 2205.05198, for attention that keeps no matrix), and are an estimate.
"""

from __future__ import annotations

from dataclasses import dataclass

from gradus.presentation.table import Table
from gradus.students.model_sizes import PUBLISHED, Shape

CARDS = (40, 80, 141)  # GB: A100 40, A100 or H100 80, H200
USABLE = 0.9  # of a card: the rest goes to the CUDA context, to NCCL and to gaps
CHUNK_BYTES = 3 * 2**29  # logits, their exponentials and gradient at a time (lm_head: chunked)
WORK_OF_A_CELL = (7473 * 3, 180)  # samples and tokens of each: GSM8K at L5, three epochs
ASSUMED_FLOPS = 0.4 * 989e12  # of a GPU: 40 % of an H100's or H200's peak in bf16


@dataclass(frozen=True)
class Setting:
    """How a training is laid out: GPUs, ZeRO stage, and whether activations are computed twice."""

    ranks: int
    zero_stage: int
    recompute: bool

    def __str__(self) -> str:
        gpus = "1 GPU" if self.ranks == 1 else f"{self.ranks} GPUs, ZeRO-{self.zero_stage}"
        return f"{gpus}, gradient_checkpointing" if self.recompute else gpus


SETTINGS = (
    Setting(1, 0, False),
    Setting(1, 0, True),
    Setting(2, 2, False),
    Setting(2, 2, True),
    Setting(4, 2, True),
    Setting(4, 3, True),
    Setting(8, 3, True),
)


def state_bytes(zero_stage: int, ranks: int) -> float:
    """Bytes per trained weight on each GPU in bf16: the weight, its gradients, the optimizer's fp32 copy and two moments."""
    whole, shared = {0: (16, 0), 1: (8, 12), 2: (2, 16), 3: (2, 18)}[zero_stage]
    return whole + shared / ranks


def activation_bytes(shape: Shape, tokens: int, recompute: bool) -> float:
    """Bytes that the forward pass of so many tokens keeps for the backward pass."""
    inner, keys = shape.heads * shape.head_width, shape.key_heads * shape.head_width
    layer = 2 * (4 * shape.hidden + 2 * inner + 2 * keys + (3 if shape.gated else 2) * shape.feed_forward)
    kept = layer + 2 * shape.hidden * shape.layers if recompute else layer * shape.layers
    return float(tokens * kept) + CHUNK_BYTES


def bytes_per_gpu(shape: Shape, setting: Setting, tokens: int) -> float:
    """What a training holds on each of its GPUs."""
    states = state_bytes(setting.zero_stage, setting.ranks) * shape.parameters
    return states + activation_bytes(shape, tokens, setting.recompute)


def smallest(shape: Shape, card: int, tokens: int) -> Setting | None:
    """The first setting that fits a card of so many GB; None where none of them does."""
    room = USABLE * card * 1e9
    return next((setting for setting in SETTINGS if bytes_per_gpu(shape, setting, tokens) <= room), None)


def table(tokens: int = 8192) -> str:
    """The sizing table of docs/howto/cluster.md, for micro-batches of so many tokens."""
    rows = []
    for name, shape in PUBLISHED.items():
        samples, length = WORK_OF_A_CELL
        hours = samples * shape.work(frozen=False).flops([length], length) / ASSUMED_FLOPS / 3600
        chosen = [str(smallest(shape, card, tokens) or "offload") for card in CARDS]
        states = state_bytes(0, 1) * shape.parameters / 1e9
        kept = [activation_bytes(shape, tokens, recompute) / 1e9 for recompute in (False, True)]
        weights, progress = 2 * shape.parameters / 1e9, 3 * 14 * shape.parameters / 1e9
        facts = [f"{states:.0f}", f"{kept[0]:.0f} / {kept[1]:.0f}", *chosen, f"{60 * hours:.0f}"]
        rows.append([name.split("/")[1], *facts, f"{weights:.1f}", f"{progress:.0f}"])
    head = ["student", "states, GB", "activations, GB", *(f"{card} GB card" for card in CARDS)]
    head += ["minutes a cell", "weights, GB", "work/, GB"]
    return Table(head, rows, align="l" * len(head)).markdown()
