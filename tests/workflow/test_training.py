"""The numerics of a training: the same whatever the number of ranks, the micro-batches and the ZeRO stage."""

import json
from pathlib import Path

import pytest
from conftest import Workflow, program

from gradus.atomic import canonical_json

CELL = "gradeschool/tutor/original/L1"


def losses(finished: Workflow, folder: Path, **changes: object) -> list[tuple[float, float | None]]:
    """Loss and gradient norm of every step of a training of twelve steps."""
    recipe = {
        **finished.config["recipe"],
        "warmup_share": 0.0,
        "weight_decay": 0.01,
        "beta2": 0.95,
        "max_grad_norm": 1.0,
    }
    recipe |= {"precision": "fp32", "epochs": 4.0, "save_every": 100, **changes}
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
    "changes",
    [
        {"ranks": 2, "zero_stage": 0},
        {"ranks": 1, "zero_stage": 2, "micro_batch_tokens": 150},
        {"ranks": 2, "zero_stage": 1, "micro_batch_tokens": 150},
        {"ranks": 2, "zero_stage": 2},
        {"ranks": 2, "zero_stage": 3, "micro_batch_tokens": 150},
    ],
    ids=lambda changes: "-".join(f"{key}={value}" for key, value in changes.items()),
)
def test_loss_and_gradient_norm_are_the_same(
    finished: Workflow, reference: list[tuple[float, float | None]], tmp_path: Path, changes: dict[str, object]
) -> None:
    found = losses(finished, tmp_path, **changes)
    assert len(found) == len(reference) == 12
    for (loss, norm), (expected_loss, expected_norm) in zip(found, reference, strict=True):
        assert loss == pytest.approx(expected_loss, rel=1e-5)
        assert norm == pytest.approx(expected_norm, rel=1e-4) or changes["zero_stage"] == 0
