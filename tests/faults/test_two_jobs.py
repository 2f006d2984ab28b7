"""A second job for a training or for predictions that another job is at, or has just finished: nothing twice, nothing lost."""

import json
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
        *asking(finished, tmp_path / "cell", tmp_path / "predictions.jsonl"), folder=finished.folder, **job
    )
    assert predicted.returncode == 0, predicted.stderr
    assert not kept.parent.exists()


def asking(finished: Workflow, checkpoint: Path, output: Path) -> list[object]:
    """The command that lets a checkpoint answer the test problems."""
    return [
        *("generate", "--problems", finished.results / "data" / "gradeschool" / "test.jsonl"),
        *("--checkpoint", checkpoint, "--settings", decoding(max_new_tokens=4, batch_size=8)),
        "--training-set-manifest",
        finished.results / "training_sets/gradeschool/tutor/original/L1/mini.manifest.json",
        *("--output", output),
    ]


def test_a_cluster_job_keeps_its_answers_until_they_are_scored(finished: Workflow, tmp_path: Path) -> None:
    """Deleted by a workflow that died meanwhile, or by the second start of a job, they are not written a second time."""
    job: dict[str, Any] = {
        "GRADUS_WORK": str(tmp_path / "work"),
        "SLURM_JOB_ID": str(os.getpid()),
        "GRADUS_SUBMITTED": "1",
    }
    cell, problems = "gradeschool/tutor/original/L1/mini/seed1", finished.results / "data" / "gradeschool"
    output, metrics = tmp_path / "predictions.jsonl", tmp_path / "metrics.json"
    command = asking(finished, finished.results / "checkpoints" / cell, output)
    first = program(*command, folder=finished.folder, **job)
    assert first.returncode == 0, first.stderr
    assert b"kept" not in output.read_bytes()
    [kept] = (tmp_path / "work" / "predictions").glob("*.jsonl")
    kept.write_bytes(kept.read_bytes().replace(b'"text":"', b'"text":"kept '))
    output.unlink()
    again = program(*command, folder=finished.folder, **job)
    assert again.returncode == 0, again.stderr
    assert b'"text":"kept ' in output.read_bytes() and kept.exists(), "they were written again"
    scored = program(
        *("score", "--cell", cell_of(finished, cell), "--problems", problems / "test.jsonl"),
        *("--train-problems", problems / "train.jsonl", "--predictions", output),
        *("--rows", tmp_path / "rows.jsonl", "--output", metrics),
        folder=finished.folder,
        **job,
    )
    assert scored.returncode == 0, scored.stderr
    assert metrics.exists() and not kept.exists()
    alone = program(*command, folder=finished.folder, GRADUS_WORK=str(tmp_path / "work"))
    assert alone.returncode == 0 and not kept.exists(), "on one machine nothing is kept"


def cell_of(finished: Workflow, cell: str) -> str:
    """The wildcards of a finished cell, as its metrics tell them."""
    found = json.loads((finished.results / "metrics" / cell / "test" / "greedy.json").read_text(encoding="utf-8"))
    names = [*("study", "dataset", "teacher", "format", "level", "student", "seed", "problems", "decoding")]
    return json.dumps({name: found[name] for name in names if name in found})


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
