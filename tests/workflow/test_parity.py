"""Loss and gradient of a step are the same whatever the ranks, the micro-batches, the ZeRO stage, the layout and the head.

The reference is plain PyTorch: one sample after the other, transformers' own logits, no DeepSpeed, none of our loss.
"""

import json
import math
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from running import HANG_LIMIT, PROJECT
from safetensors.torch import load_file

from gradus.students import tiny_models
from gradus.study.config.students import Recipe

Gradient = dict[str, torch.Tensor]


def samples() -> dict[str, list[Any]]:
    """Eleven ragged samples: short and long, with prompts and without, one of a single target."""
    draw = random.Random(4)
    lengths = [(3, 2), (60, 20), (9, 0), (24, 10), (37, 5), (12, 11), (80, 30), (18, 9), (5, 1), (44, 40), (31, 3)]
    return {
        "tokens": [[draw.randrange(6, 480) for _ in range(length)] for length, _ in lengths],
        "prompt_lengths": [prompt for _, prompt in lengths],
    }


VARIANTS: dict[str, dict[str, Any]] = {
    "padded": {"layout": "padded", "micro_batch_samples": 3},
    "budgeted": {"layout": "budgeted", "micro_batch_tokens": 90},
    "whole": {"layout": "padded", "micro_batch_samples": 64},
    "chunked": {"layout": "budgeted", "micro_batch_tokens": 90, "lm_head": "chunked"},
    "samples": {"layout": "budgeted", "micro_batch_tokens": 150, "normalise": "samples"},
    "free": {"layout": "padding-free", "micro_batch_tokens": 150},
    "free-chunked": {
        "layout": "padding-free",
        "micro_batch_tokens": 8192,
        "lm_head": "chunked",
        "normalise": "samples",
    },
    "recomputed": {"layout": "padding-free", "micro_batch_tokens": 90, "gradient_checkpointing": True},
}


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    return {family: tiny_models.make(family, folder / family, initializer_range=0.2) for family in tiny_models.FAMILIES}


@pytest.fixture(scope="module")
def references(bases: dict[str, Path]) -> dict[tuple[str, str], tuple[float, Gradient]]:
    """(family, normalisation) -> loss per target, gradient of the step's objective."""
    from transformers import AutoModelForCausalLM

    drawn = samples()
    found = {}
    for family, base in bases.items():
        for normalise in ("tokens", "samples"):
            model = AutoModelForCausalLM.from_pretrained(str(base), dtype=torch.float32)
            counts = [len(ids) - max(1, first) for ids, first in zip(*drawn.values(), strict=True)]
            total = 0.0
            for ids, first, count in zip(*drawn.values(), counts, strict=True):
                logits = model(torch.tensor([ids]), use_cache=False).logits[0, max(1, first) - 1 : -1]
                loss = torch.nn.functional.cross_entropy(logits, torch.tensor(ids[max(1, first) :]), reduction="sum")
                total += float(loss.detach())
                (loss / sum(counts) if normalise == "tokens" else loss / count / len(counts)).backward()
            gradient = {
                name: parameter.grad.clone()
                for name, parameter in model.named_parameters()
                if parameter.grad is not None
            }
            found[family, normalise] = (total / sum(counts), gradient)
    return found


@pytest.mark.parametrize("half", ["pairs", pytest.param("others", marks=pytest.mark.full)])
@pytest.mark.parametrize("ranks", [pytest.param(1, marks=pytest.mark.full), 2])
@pytest.mark.parametrize("stage", [0, 1, 2, 3])
def test_loss_and_gradient_of_a_step(
    bases: dict[str, Path],
    references: dict[tuple[str, str], tuple[float, Gradient]],
    tmp_path: Path,
    ranks: int,
    stage: int,
    half: str,
) -> None:
    """Slow: a launch of torchrun, with an engine for each variant.

    The first half takes every variant with every stage, and every variant with one rank and with two, of which `make test` has
    two ranks: every stage, and every variant with two stages. The second half completes the product.
    """
    even = (ranks + stage) % 2 == (half == "pairs")
    wanted: dict[str, dict[str, Any]] = {
        f"{family}-{name}": {"base": str(base), "recipe": recipe}
        for family, base in bases.items()
        for index, (name, recipe) in enumerate(VARIANTS.items())
        if family != "bloom" or recipe["layout"] != "padding-free"
        if (index % 2 == 0) == even
    }
    common = Recipe.model_validate({"precision": "fp32", "zero_stage": stage, "epochs": 1.0}).model_dump()
    specification = {"variants": wanted, "recipe": common, "samples": samples(), "output": str(tmp_path)}
    (tmp_path / "specification.json").write_text(json.dumps(specification), encoding="utf-8")
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={ranks}"]
    done = subprocess.run(
        [sys.executable, *launcher, str(PROJECT / "tests" / "parity_ranks.py"), str(tmp_path / "specification.json")],
        env={**os.environ, "DS_ACCELERATOR": "cpu", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(PROJECT / "scripts")},
        capture_output=True,
        text=True,
        timeout=HANG_LIMIT,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    losses = json.loads((tmp_path / "losses.json").read_text(encoding="utf-8"))
    assert losses.get("llama-whole", {"micro_batches": 1})["micro_batches"] == 1
    assert losses.get("llama-budgeted", {"micro_batches": 2})["micro_batches"] > 1
    for name, variant in wanted.items():
        loss, gradient = references[name.split("-")[0], variant["recipe"].get("normalise", "tokens")]
        assert losses[name]["loss"] == pytest.approx(loss, rel=1e-5), name
        found = load_file(tmp_path / f"{name}.safetensors")
        assert found.keys() == gradient.keys(), name
        size = math.sqrt(sum(float((one.double() ** 2).sum()) for one in gradient.values()))
        difference = math.sqrt(sum(float(((found[key].double() - gradient[key]) ** 2).sum()) for key in gradient))
        assert difference / size < 1e-5, name
