"""Model sizes: how many weights a student has and what work they make, before and after it has been fetched.

The shapes of the paper's students are facts of their published configurations; a test builds each from its configuration
class and compares the number of weights.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gradus.runtime.jsonl import read_json
from gradus.students.model_config import read_model_config
from gradus.study.config import BuiltStudent, PretrainedStudent


@dataclass(frozen=True)
class Work:
    """What decides a model's floating point operations.

    ``body`` weights multiply every token, those of the LM ``head`` only the targets; ``layers`` x ``width`` is the size of
    attention. ``passes`` is 3 (forward, and two of that size backward) or 2 where the weights themselves are frozen.
    """

    body: int
    head: int
    layers: int
    width: int
    passes: int

    def flops(self, lengths: Sequence[int], targets: int) -> float:
        """Useful operations for samples of these lengths: 2 per weight and token and pass, and causal attention
        (Narayanan et al. 2021, arXiv 2104.04473, without padding, recomputation and unasked logits)."""
        matrices = 2 * (self.body * sum(lengths) + self.head * targets)
        attention = 2 * self.layers * self.width * sum(length * length for length in lengths)
        return float(self.passes * (matrices + attention))


@dataclass(frozen=True)
class Shape:
    """A decoder whose input table is its LM head as well (as in all students of the paper).

    ``gated``: three matrices in the feed-forward part instead of two; ``biased``: biases and full layer norms (BLOOM).
    """

    vocabulary: int
    hidden: int
    layers: int
    feed_forward: int
    heads: int
    head_width: int
    key_heads: int
    gated: bool = True
    biased: bool = False

    @property
    def table(self) -> int:
        """Weights of the input table, which is the LM head."""
        return self.vocabulary * self.hidden

    @property
    def parameters(self) -> int:
        """All weights."""
        inner, keys = self.heads * self.head_width, self.key_heads * self.head_width
        layer = self.hidden * (2 * inner + 2 * keys) + (3 if self.gated else 2) * self.hidden * self.feed_forward
        norm = 2 * self.hidden if self.biased else self.hidden
        if self.biased:
            layer += inner + 2 * keys + self.hidden + self.feed_forward + self.hidden
        extra = 2 * norm if self.biased else norm  # BLOOM normalises its embeddings too
        return self.table + self.layers * (layer + 2 * norm) + extra

    def work(self, frozen: bool) -> Work:
        """What a token costs."""
        width = self.heads * self.head_width
        return Work(self.parameters - self.table, self.table, self.layers, width, 2 if frozen else 3)


def _bloom(hidden: int, layers: int, heads: int) -> Shape:
    return Shape(250_880, hidden, layers, 4 * hidden, heads, hidden // heads, heads, gated=False, biased=True)


PUBLISHED = {
    "bigscience/bloom-560m": _bloom(1024, 24, 16),
    "bigscience/bloom-1b1": _bloom(1536, 24, 16),
    "bigscience/bloom-1b7": _bloom(2048, 24, 16),
    "bigscience/bloom-3b": _bloom(2560, 30, 32),
    "google/gemma-2b": Shape(256_000, 2048, 18, 16_384, 8, 256, 1),
    "meta-llama/Llama-3.2-1B": Shape(128_256, 2048, 16, 8192, 32, 64, 8),
    "meta-llama/Llama-3.2-3B": Shape(128_256, 3072, 28, 8192, 24, 128, 8),
}


def built_shape(section: BuiltStudent) -> Shape:
    """The shape of a student that is made here."""
    heads, hidden = section.heads, section.hidden
    return Shape(section.vocabulary, hidden, section.layers, 3 * hidden, heads, hidden // heads, heads)


def size_of(section: BuiltStudent | PretrainedStudent, student_folder: Path, frozen: bool) -> tuple[int, Work] | None:
    """Weights and work of a student; None where only the model itself could say, and is not here yet.

    A fetched or local model is counted in the headers of its weight files.
    """
    if isinstance(section, BuiltStudent):
        shape = built_shape(section)
        return shape.parameters, shape.work(frozen)
    if section.model in PUBLISHED:
        shape = PUBLISHED[section.model]
        return shape.parameters, shape.work(frozen)
    reference = student_folder / "model" / "reference.json"
    folder = Path(read_json(reference)["path"]) if reference.exists() else Path(section.model)
    return counted(folder, frozen) if (folder / "config.json").exists() else None


def counted(folder: Path, frozen: bool) -> tuple[int, Work] | None:
    """Weights and work of a model folder; None where it has no safetensors."""
    total, tables = 0, 0
    config = read_model_config(folder)
    for path in sorted(folder.glob("*.safetensors")):
        for shape in _tensor_shapes(path):
            total += math.prod(shape)
            tables += math.prod(shape) if len(shape) == 2 and shape[0] == config.vocabulary else 0
    if not total:
        return None
    head, width = config.vocabulary * config.hidden, config.head_width * config.heads
    return total, Work(total - tables, head, config.layers, width or config.hidden, 2 if frozen else 3)


def _tensor_shapes(path: Path) -> list[list[int]]:
    """The shapes in a safetensors header (eight bytes of length, then JSON), read without the library: every job may ask."""
    with open(path, "rb") as stream:
        header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
    return [facts["shape"] for name, facts in header.items() if name != "__metadata__"]
