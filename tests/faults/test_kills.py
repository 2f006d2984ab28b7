"""Kills and full disks in the middle of each stage: no target, no loss, the same bytes in the end.

Each test first proves that it struck in mid-work.
"""

import json
import os
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import decoding
from running import CELL, Workflow, bytes_of, program, saved_steps, start, wait_for

from gradus.study.config import load
from gradus.workflow.options import as_json
from gradus.workflow.training import student_settings


def problem_file(folder: Path, split: str, count: int) -> Path:
    """A split of ``count`` generated problems."""
    chosen = {"source": "gradeschool", "seed": 1, "train": count, "test": count, "split": "test", "steps": [2, 3, 4, 5]}
    path = folder / "problems.jsonl"
    options = ["--dataset", "gradeschool", "--split", split, "--settings", json.dumps(chosen), "--output", path]
    made = program("data", *options, folder=folder)
    assert made.returncode == 0, made.stderr
    return path


def test_building_a_student_killed_in_mid_work(finished: Workflow, tmp_path: Path) -> None:
    arguments = [
        "student",
        "--student",
        "mini",
        "--settings",
        student_settings(load(finished.config), "mini"),
        "--save-every",
        2,
        "--output",
        tmp_path / "mini",
    ]
    process = start(finished.folder, tmp_path, *arguments)
    wait_for(lambda: saved_steps(tmp_path), "a progress checkpoint of the warm-up")
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "mini" / "manifest.json").exists()
    assert start(finished.folder, tmp_path, *arguments).wait(timeout=600) == 0
    assert bytes_of(tmp_path / "mini") == bytes_of(finished.results / "students" / "mini")


def test_annotation_killed_in_mid_work_asks_only_for_what_is_missing(tmp_path: Path) -> None:
    problems = problem_file(tmp_path, "train", 6000)
    teacher = as_json({"provider": "tutor", "wordings": 3, "error_rate": 0.1, "seed": 0})

    def arguments(output: Path) -> list[object]:
        return [
            "annotate",
            "--problems",
            problems,
            "--supervision",
            "gradeschool/tutor/original/L6",
            "--teacher-settings",
            teacher,
            "--output",
            output,
        ]

    calm = tmp_path / "calm"
    calm.mkdir()
    assert start(tmp_path, calm, *arguments(calm / "a.jsonl")).wait(timeout=300) == 0
    process = start(tmp_path, tmp_path, *arguments(tmp_path / "a.jsonl"))
    journal = tmp_path / "journal" / "tutor"
    wait_for(lambda: sum(path.stat().st_size for path in journal.glob("*.jsonl")) > 200_000, "some journal entries")
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    kept = sum(path.read_bytes().count(b"\n") for path in journal.glob("*.jsonl"))
    assert 0 < kept < 6000, "the kill did not strike in mid-work"
    assert not (tmp_path / "a.jsonl").exists()
    assert start(tmp_path, tmp_path, *arguments(tmp_path / "a.jsonl")).wait(timeout=300) == 0
    facts = json.loads((tmp_path / "a.run.json").read_text(encoding="utf-8"))
    assert (facts["from_journal"], facts["newly_requested"]) == (kept, 6000 - kept)
    assert (tmp_path / "a.jsonl").read_bytes() == (calm / "a.jsonl").read_bytes()


def test_generation_killed_in_mid_work_resumes_to_the_same_bytes(finished: Workflow, tmp_path: Path) -> None:
    problems = problem_file(tmp_path, "test", 200)

    def arguments(output: Path) -> list[object]:
        return [
            "generate",
            "--problems",
            problems,
            "--checkpoint",
            finished.results / "checkpoints" / CELL / "mini" / "seed1",
            "--settings",
            decoding(max_new_tokens=60, batch_size=4),
            "--training-set-manifest",
            finished.results / "training_sets" / CELL / "mini.manifest.json",
            "--output",
            output,
        ]

    calm = tmp_path / "calm"
    calm.mkdir()
    assert start(finished.folder, calm, *arguments(calm / "p.jsonl")).wait(timeout=300) == 0
    process = start(finished.folder, tmp_path, *arguments(tmp_path / "p.jsonl"))
    progress = tmp_path / "predictions"
    wait_for(lambda: sum(path.stat().st_size for path in progress.glob("*.jsonl")) > 0, "a finished batch")
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    done = sum(path.read_bytes().count(b"\n") for path in progress.glob("*.jsonl"))
    assert 0 < done < 50, "the kill did not strike in mid-work"
    assert not (tmp_path / "p.jsonl").exists()
    with open(next(progress.glob("*.jsonl")), "ab") as stream:
        stream.write(b'[{"torn')
    assert start(finished.folder, tmp_path, *arguments(tmp_path / "p.jsonl")).wait(timeout=300) == 0
    assert (tmp_path / "p.jsonl").read_bytes() == (calm / "p.jsonl").read_bytes()
    assert not list(progress.glob("*.jsonl"))


def test_a_killed_workflow_finishes_with_the_same_bytes(finished: Workflow, workflow: Callable[..., Workflow]) -> None:
    """kill -9 of Snakemake and everything under it, in the middle of a training; then the same command."""
    made = workflow(finished.config)
    process = made.start()
    wait_for(lambda: list(made.folder.glob("work/*/trace.jsonl")), "a running training")
    time.sleep(0.5)
    assert process.poll() is None
    made.kill(process)
    assert not (made.results / "report" / "report.zip").exists(), "the kill did not strike in mid-work"
    made.run("--rerun-incomplete")
    for folder in (
        "data",
        "annotations",
        "training_sets",
        "students",
        "checkpoints",
        "predictions",
        "metrics",
        "tables",
        "figures",
    ):
        assert bytes_of(made.results / folder) == bytes_of(finished.results / folder), folder


def limit_file_size() -> None:
    """Stands for a full disk: no file may pass 16 KiB."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16384, 16384))


@pytest.mark.parametrize("stage", ["data", "annotate", "score"])
def test_a_full_disk_is_one_message_and_leaves_no_target(finished: Workflow, tmp_path: Path, stage: str) -> None:
    results = finished.results
    output = tmp_path / "out.jsonl"
    big = {"source": "gradeschool", "seed": 1, "train": 200, "test": 200, "split": "test", "steps": [2, 3, 4, 5]}
    if stage == "score":
        rows = [json.loads(line) for line in problem_file(tmp_path, "test", 200).read_text().splitlines()]
        predictions = [
            {
                "problem_id": row["id"],
                "sample": 0,
                "prompt_hash": "h",
                "text": "1",
                "finish_reason": "stop",
                "prompt_tokens": 1,
                "completion_tokens": 1,
            }
            for row in rows
        ]
        (tmp_path / "p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in predictions))
    commands: dict[str, list[object]] = {
        "data": ["data", "--dataset", "g", "--split", "test", "--settings", json.dumps(big), "--output", output],
        "annotate": [
            "annotate",
            "--problems",
            results / "data/gradeschool/train.jsonl",
            "--supervision",
            "gradeschool/tutor/original/L6",
            "--teacher-settings",
            as_json({"provider": "tutor", "wordings": 3, "error_rate": 0.0, "seed": 0}),
            "--output",
            output,
        ],
        "score": [
            "score",
            "--problems",
            tmp_path / "problems.jsonl",
            "--train-problems",
            results / "data/gradeschool/train.jsonl",
            "--predictions",
            tmp_path / "p.jsonl",
            "--training-set-manifest",
            results / "training_sets" / CELL / "mini.manifest.json",
            "--cell",
            "{}",
            "--rows",
            output,
            "--output",
            tmp_path / "m.json",
        ],
    }
    done = program(*commands[stage], folder=tmp_path, limits=limit_file_size, GRADUS_JOURNAL=str(tmp_path / "journal"))
    assert done.returncode == 1
    assert "error: " in done.stderr
    assert "Traceback" not in done.stderr
    assert not output.exists()
    assert not (tmp_path / "m.json").exists()
