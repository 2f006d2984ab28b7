"""The numerics of a training: the same whatever the number of ranks, the micro-batches and the ZeRO stage."""

import json
from pathlib import Path

import pytest
from conftest import Workflow, program

from gradus.runtime.atomic import canonical_json
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
        ({"ranks": 1, "zero_stage": 0, "precision": "bf16"}, 2e-2),
        ({"ranks": 2, "zero_stage": 2, "precision": "bf16", "micro_batch_tokens": 150}, 2e-2),
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
