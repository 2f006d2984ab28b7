"""A second job for a training or for predictions that another job is at, or has just finished: nothing twice, nothing lost."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from builders import decoding
from running import Workflow, bytes_of, program, saved_steps, start, training, wait_for


@pytest.fixture(scope="module")
def undisturbed(finished: Workflow, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("undisturbed")
    done = program(*long_training(finished, folder), folder=finished.folder, GRADUS_WORK=str(folder / "work"))
    assert done.returncode == 0, done.stderr
    return bytes_of(folder / "cell")


def long_training(finished: Workflow, folder: Path) -> list[object]:
    return training(finished, folder / "cell", epochs=16.0)


def test_the_second_training_waits_for_the_first(
    finished: Workflow, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    first = start(finished.folder, tmp_path, *long_training(finished, tmp_path))
    wait_for(lambda: saved_steps(tmp_path), "progress")
    second = program(*long_training(finished, tmp_path), folder=finished.folder, GRADUS_WORK=str(tmp_path))
    assert first.wait(timeout=300) == 0
    assert second.returncode == 0, second.stderr
    assert f"process {first.pid} is already working on this; waiting until it ends" in second.stderr
    assert bytes_of(tmp_path / "cell") == undisturbed


def test_the_second_training_gives_up_in_the_end(finished: Workflow, tmp_path: Path) -> None:
    first = start(finished.folder, tmp_path, *long_training(finished, tmp_path))
    wait_for(lambda: saved_steps(tmp_path), "progress")
    second = program(
        *long_training(finished, tmp_path), folder=finished.folder, GRADUS_WORK=str(tmp_path), GRADUS_LEASE_WAIT="0.1"
    )
    assert second.returncode == 1
    assert f"process {first.pid} is still working on this" in second.stderr and "Traceback" not in second.stderr
    assert first.wait(timeout=300) == 0


def test_a_cluster_job_keeps_what_it_trained_until_the_predictions_exist(
    finished: Workflow, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    """A workflow that died deletes what nobody told it of; the next job publishes the same again, without a step."""
    job: dict[str, Any] = {
        "GRADUS_WORK": str(tmp_path / "work"),
        "SLURM_JOB_ID": str(os.getpid()),
        "GRADUS_SUBMITTED": "1",
    }
    command = long_training(finished, tmp_path)
    assert program(*command, folder=finished.folder, **job).returncode == 0
    [kept] = (tmp_path / "work").glob("*/kept.json")
    names = {"finished.json", "identity.json", "kept.json", "trace.jsonl", "weights"}
    assert {path.name for path in kept.parent.iterdir()} == names
    weights = Path("weights") / "model.safetensors"
    assert os.path.samefile(kept.parent / weights, tmp_path / "cell" / weights), "the weights take space twice"
    shutil.rmtree(tmp_path / "cell")
    again = program(*command, folder=finished.folder, **job)
    assert again.returncode == 0 and "starting after step" not in again.stderr, again.stderr
    assert bytes_of(tmp_path / "cell") == undisturbed
    predicted = program(
        "generate",
        "--problems",
        finished.results / "data" / "gradeschool" / "test.jsonl",
        "--checkpoint",
        tmp_path / "cell",
        "--settings",
        decoding(max_new_tokens=4, batch_size=8),
        "--training-set-manifest",
        finished.results / "training_sets/gradeschool/tutor/original/L1/mini.manifest.json",
        "--output",
        tmp_path / "predictions.jsonl",
        folder=finished.folder,
        **job,
    )
    assert predicted.returncode == 0, predicted.stderr
    assert not kept.parent.exists()


def test_kept_weights_that_have_changed_are_trained_again(
    finished: Workflow, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    job: dict[str, Any] = {
        "GRADUS_WORK": str(tmp_path / "work"),
        "SLURM_JOB_ID": str(os.getpid()),
        "GRADUS_SUBMITTED": "1",
    }
    command = long_training(finished, tmp_path)
    assert program(*command, folder=finished.folder, **job).returncode == 0
    [weights] = (tmp_path / "work").glob("*/weights/model.safetensors")
    shutil.rmtree(tmp_path / "cell")
    with open(weights, "r+b") as stream:
        stream.seek(-1, os.SEEK_END)
        stream.write(b"\x7f")
    again = program(*command, folder=finished.folder, **job)
    assert again.returncode == 0 and "starting after step 0" in again.stderr, again.stderr
    assert bytes_of(tmp_path / "cell") == undisturbed
