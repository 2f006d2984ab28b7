"""Bad input at the programs: file and line, a non-zero status, no target, no traceback."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import decoding, tiny_study
from running import Provider, Workflow, program

from gradus.students import tiny_models


def spoiled(source: Path, target: Path, change: Callable[[list[str]], list[str]]) -> Path:
    target.write_text("".join(change(source.read_text(encoding="utf-8").splitlines(keepends=True))), encoding="utf-8")
    return target


def test_a_student_that_cannot_be_trained_is_told_before_a_teacher_is_paid(
    provider: Provider, workflow: Callable[..., Workflow], tmp_path: Path
) -> None:
    """Tried once, by the job that pins it, and while it is tried nobody who is paid is asked."""
    from transformers import T5Config

    study = tiny_study("told")
    entry = {"provider": "openai", "base_url": provider.openai, "model": "model-1", "allow_unknown_price": True}
    study["teachers"]["gpt"] = entry
    experiment = study["experiments"]["granularity"]
    experiment |= {"teachers": ["gpt"], "students": ["t5"], "baselines": []}
    model = tiny_models.make("llama", tmp_path / "model")
    T5Config(vocab_size=600).save_pretrained(str(model))
    study["students"] = {"t5": {"kind": "pretrained", "model": str(model)}}
    run = workflow(study)
    output = run.run("metrics", ok=False)
    assert "this model cannot be a student as the study asks\n- t5 is an encoder-decoder, not a causal" in output
    assert "Traceback" not in output
    assert provider.control()["answered"] == 0
    assert not (run.results / "logs/annotations").exists()


CASES = {
    "truncated": (lambda lines: [*lines[:3], lines[3][:40]], ":4: truncated line"),
    "duplicate": (lambda lines: [*lines[:3], lines[0]], ":4: duplicate id"),
    "empty": (lambda lines: [], ": the file is empty"),
}


@pytest.mark.parametrize("case", CASES)
def test_annotations(finished: Workflow, tmp_path: Path, case: str) -> None:
    change, message = CASES[case]
    results = finished.results
    bad = spoiled(results / "annotations/gradeschool/tutor/original/L1.jsonl", tmp_path / "L1.jsonl", change)
    done = program(
        "training_set",
        "--problems",
        results / "data/gradeschool/train.jsonl",
        "--annotations",
        bad,
        "--student",
        results / "students/mini",
        "--settings",
        json.dumps({"verdict_policy": {"agrees": "keep"}, "cutoff_tokens": 512, "over_long": "drop"}),
        "--output",
        tmp_path / "out.jsonl",
        folder=tmp_path,
    )
    assert done.returncode == 1
    assert f"error: {bad}{message}" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out.jsonl").exists()


def test_a_problem_without_gold(finished: Workflow, tmp_path: Path) -> None:
    def no_gold(lines: list[str]) -> list[str]:
        row = json.loads(lines[1])
        return [lines[0], json.dumps({**row, "answer": ""}) + "\n"]

    bad = spoiled(finished.results / "data/gradeschool/train.jsonl", tmp_path / "train.jsonl", no_gold)
    done = program(
        "annotate",
        "--problems",
        bad,
        "--supervision",
        "gradeschool/gold/answer-only/native",
        "--teacher-settings",
        '{"provider": "gold"}',
        "--output",
        tmp_path / "a.jsonl",
        folder=tmp_path,
    )
    assert done.returncode == 1
    assert f"error: {bad}:2: problem" in done.stderr
    assert "has no gold answer" in done.stderr


def test_a_missing_prediction(finished: Workflow, tmp_path: Path) -> None:
    results = finished.results
    cell = "gradeschool/tutor/original/L1"
    predictions = spoiled(
        results / "predictions" / cell / "mini/seed1/test/greedy.jsonl", tmp_path / "p.jsonl", lambda lines: lines[1:]
    )
    done = program(
        "score",
        "--problems",
        results / "data/gradeschool/test.jsonl",
        "--train-problems",
        results / "data/gradeschool/train.jsonl",
        "--predictions",
        predictions,
        "--training-set-manifest",
        results / "training_sets" / cell / "mini.manifest.json",
        "--cell",
        "{}",
        "--rows",
        tmp_path / "r.jsonl",
        "--output",
        tmp_path / "m.json",
        folder=tmp_path,
    )
    assert done.returncode == 1
    assert "1 problems have no prediction" in done.stderr
    assert not (tmp_path / "m.json").exists()


def test_changed_weights_are_noticed(copied: Workflow, tmp_path: Path) -> None:
    cell = copied.results / "checkpoints/gradeschool/tutor/original/L1/mini/seed1"
    path = cell / "weights" / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    done = program(
        "generate",
        "--problems",
        copied.results / "data/gradeschool/test.jsonl",
        "--checkpoint",
        cell,
        "--training-set-manifest",
        copied.results / "unused.json",
        "--settings",
        decoding(max_new_tokens=4),
        "--output",
        tmp_path / "p.jsonl",
        folder=tmp_path,
    )
    assert done.returncode == 1
    assert "differs from what its job wrote" in done.stderr


def test_real_data_without_a_folder_is_one_message(tmp_path: Path) -> None:
    done = program(
        "data",
        "--dataset",
        "svamp",
        "--split",
        "train",
        "--settings",
        '{"source": "svamp", "origin": "files"}',
        "--output",
        tmp_path / "x.jsonl",
        folder=tmp_path,
        GRADUS_DATA="",
    )
    assert done.returncode == 1
    assert "set the environment variable GRADUS_DATA" in done.stderr
