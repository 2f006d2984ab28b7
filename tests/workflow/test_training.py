"""The numerics of a training: the same whatever the number of ranks, the micro-batches and the ZeRO stage."""

import json
import math
from pathlib import Path

import pytest
import torch
from running import Workflow, program
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from gradus.records import Example
from gradus.runtime.atomic import canonical_json
from gradus.runtime.jsonl import read_records
from gradus.students.base_models import student_template
from gradus.students.tokens import load_tokens
from gradus.students.training.batches import plan_steps
from gradus.students.training_sets import held_out, tokenised
from gradus.study.config.students import Recipe

CELL = "gradeschool/tutor/original/L1"


def losses(finished: Workflow, folder: Path, **changes: object) -> list[tuple[float, float | None]]:
    """Loss and gradient norm of every step of a training of twelve steps."""
    recipe = {
        **finished.config["recipe"],
        "warmup_share": 0.0,
        "weight_decay": 0.01,
        "beta2": 0.95,
        "epochs": 4.0,
        "save_every": 100,
        **changes,
    }
    recipe = Recipe.model_validate(recipe).model_dump()
    results = finished.results
    done = program(
        "train",
        "--cell",
        "parity",
        "--training-set",
        results / "training_sets" / CELL / "mini.jsonl",
        "--student",
        results / "students" / "mini",
        "--settings",
        canonical_json({"recipe": recipe, "seed": 1}),
        "--output",
        folder / "cell",
        folder=finished.folder,
        GRADUS_WORK=str(folder / "work"),
    )
    assert done.returncode == 0, done.stderr[-3000:]
    trace = [json.loads(line) for line in (folder / "cell" / "trace.jsonl").read_text(encoding="utf-8").splitlines()]
    return [(point["loss"], point["grad_norm"]) for point in trace]


@pytest.fixture(scope="module")
def reference(finished: Workflow, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[float, float | None]]:
    return losses(finished, tmp_path_factory.mktemp("reference"), ranks=1, zero_stage=1)


@pytest.mark.parametrize(
    ("changes", "tolerance"),
    [
        ({"ranks": 2, "zero_stage": 0}, 1e-5),
        ({"ranks": 2, "zero_stage": 3, "micro_batch_tokens": 150}, 1e-5),
        ({"ranks": 2, "zero_stage": 2, "offload": "optimizer", "lm_head": "chunked"}, 1e-5),
        ({"ranks": 1, "zero_stage": 3, "offload": "parameters", "layout": "padding-free"}, 1e-5),
        pytest.param({"ranks": 1, "zero_stage": 0, "precision": "bf16"}, 2e-2, marks=pytest.mark.full),
        pytest.param(
            {"ranks": 2, "zero_stage": 2, "precision": "bf16", "micro_batch_tokens": 150},
            2e-2,
            marks=pytest.mark.full,
        ),
        ({"ranks": 2, "zero_stage": 3, "precision": "bf16", "gradient_checkpointing": True}, 2e-2),
    ],
    ids=lambda changes: (
        "-".join(f"{key}={value}" for key, value in changes.items()) if isinstance(changes, dict) else ""
    ),
)
def test_a_training_is_the_same(
    finished: Workflow,
    reference: list[tuple[float, float | None]],
    tmp_path: Path,
    changes: dict[str, object],
    tolerance: float,
) -> None:
    """Over twelve optimizer steps, so that the optimizer's states are compared too."""
    found = losses(finished, tmp_path, **changes)
    assert len(found) == len(reference) == 12
    for (loss, norm), (expected_loss, expected_norm) in zip(found, reference, strict=True):
        assert loss == pytest.approx(expected_loss, rel=tolerance)
        assert norm == pytest.approx(expected_norm, rel=10 * tolerance) or changes["zero_stage"] == 0


def test_three_steps_are_those_of_plain_adamw_with_clipping(finished: Workflow, tmp_path: Path) -> None:
    """Unusual betas, weight decay and clipping, all active: the weights are those of torch's own optimizer, step by step."""
    peak, beta2, decay, clip = 0.01, 0.6, 0.3, 0.05
    changes: dict[str, object] = {"learning_rate": peak, "beta2": beta2, "weight_decay": decay, "max_grad_norm": clip}
    changes |= {"ranks": 1, "zero_stage": 1, "precision": "fp32", "batch_size": 9, "epochs": 1.0}
    ours = losses(finished, tmp_path, **changes)
    recipe = Recipe.model_validate({**finished.config["recipe"], **changes})

    student = finished.results / "students" / "mini"
    tokens, template = load_tokens(student / "model"), student_template(student)
    examples = read_records(finished.results / "training_sets" / CELL / "mini.jsonl", Example)
    pairs = [tokenised(example, template, tokens, recipe.cutoff_tokens) for example in examples]
    steps = plan_steps([len(ids) for ids, _ in pairs], recipe, ranks=1, seed=1)
    assert len(steps) == len(ours) == 3
    model = AutoModelForCausalLM.from_pretrained(str(student / "model"), dtype=torch.float32)
    optimizer = torch.optim.AdamW(model.parameters(), lr=peak, betas=(0.9, beta2), weight_decay=decay)
    for number, (step, (loss, norm)) in enumerate(zip(steps, ours, strict=True)):
        for group in optimizer.param_groups:
            group["lr"] = peak * 0.5 * (1 + math.cos(math.pi * number / 3))
        optimizer.zero_grad()
        chosen = [pairs[index] for index in step.samples]
        targets = sum(len(ids) - prompt for ids, prompt in chosen)
        total = 0.0
        for ids, prompt in chosen:
            logits = model(torch.tensor([ids])).logits[0, prompt - 1 : -1]
            nll = torch.nn.functional.cross_entropy(logits, torch.tensor(ids[prompt:]), reduction="sum")
            (nll / targets).backward()
            total += float(nll.detach()) / targets
        unclipped = float(torch.nn.utils.clip_grad_norm_(model.parameters(), clip))
        assert unclipped > clip, "clipping is not at work"
        assert loss == pytest.approx(total, rel=1e-5)
        assert norm == pytest.approx(unclipped, rel=1e-4)
        optimizer.step()
    written = load_file(tmp_path / "cell" / "weights" / "model.safetensors")
    for name, parameter in model.named_parameters():
        assert torch.allclose(written[name], parameter.detach(), rtol=1e-4, atol=1e-6), name


def test_the_weights_of_the_best_evaluation_are_published_and_their_loss_is_that_of_plain_transformers(
    finished: Workflow, tmp_path: Path
) -> None:
    """A rate that rises far too high: the last weights are not the best."""
    changes: dict[str, object] = {"learning_rate": 8.0, "schedule": "constant", "warmup_share": 0.99, "ranks": 1}
    changes |= {"zero_stage": 1, "validation": {"share": 0.3, "every": 3, "keep": "best"}, "layout": "padding-free"}
    losses(finished, tmp_path, **changes)
    lines = (tmp_path / "cell" / "trace.jsonl").read_text(encoding="utf-8").splitlines()
    evaluated = {one["step"]: one["validation_loss"] for one in map(json.loads, lines) if "validation_loss" in one}
    manifest = json.loads((tmp_path / "cell" / "manifest.json").read_text(encoding="utf-8"))
    best = min(evaluated, key=lambda step: evaluated[step])
    assert set(evaluated) == {3, 6, len(lines)}
    assert manifest["kept_step"] == best < len(lines)
    assert manifest["final_loss"] == json.loads(lines[best - 1])["loss"]

    student = finished.results / "students" / "mini"
    tokens, template = load_tokens(student / "model"), student_template(student)
    examples = read_records(finished.results / "training_sets" / CELL / "mini.jsonl", Example)
    apart = held_out(examples, 0.3)
    assert manifest["held_out"] == len(apart) and manifest["examples"] == len(examples) - len(apart)
    model = AutoModelForCausalLM.from_pretrained(str(tmp_path / "cell" / "weights"), dtype=torch.float32)
    total, targets = 0.0, 0
    for ids, prompt in (tokenised(examples[index], template, tokens, 512) for index in apart):
        with torch.no_grad():
            logits = model(torch.tensor([ids])).logits[0, prompt - 1 : -1]
        total += float(torch.nn.functional.cross_entropy(logits, torch.tensor(ids[prompt:]), reduction="sum"))
        targets += len(ids) - prompt
    assert manifest["validation_loss"] == pytest.approx(total / targets, rel=1e-4)
