"""What a study took: every try counts once, the sums are those of the tries, and killed and failed ones are among them."""

import csv
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from builders import tiny_study

from gradus.presentation.spent import to_csv
from gradus.results.spent import spent_by_stage
from gradus.runtime.atomic import write_json
from gradus.runtime.attempts import attempts, begin
from gradus.study.config import Study, load
from gradus.study.config.students import Recipe
from gradus.study.config.training import CellTraining
from gradus.study.fingerprint import SCRIPTS

CELL = "gradeschool/tutor/original/L1/mini/seed1"


def small_study(**keys: Any) -> Study:
    return load({**tiny_study("tiny"), **keys}, "study.yaml")


def tried(folder: Path, output: str, number: int, **facts: Any) -> None:
    facts = {"outcome": "finished", "wall_seconds": 3600, "cpu_seconds": 1800, "gpus": 0, **facts}
    write_json(folder / "attempts" / output / f"{number}.run.json", facts)


def test_a_try_that_fails_is_remembered_and_told_apart(tmp_path: Path) -> None:
    code = "from gradus.runtime.program import RunRecord; record = RunRecord('results/s/checkpoints/a/b'); {}"
    code = code.format("record.note(gpus=2); {}")
    for end in ("record.end()", "record.end('stopped')", "raise SystemExit(1)", "import os; os._exit(9)"):
        path = {**os.environ, "PYTHONPATH": str(SCRIPTS)}
        subprocess.run([sys.executable, "-c", code.format(end)], cwd=tmp_path, env=path, check=False)
    found = list(attempts(tmp_path / "results/s"))
    assert sorted(one.outcome for one in found) == ["failed", "finished", "running", "stopped"]
    assert {(one.output, one.gpus) for one in found} == {("checkpoints/a/b", 2)}
    assert all(one.cpu_seconds > 0 for one in found)


def test_what_is_no_file_of_a_study_is_not_counted(tmp_path: Path) -> None:
    assert begin(tmp_path / "predictions.jsonl") is None and begin("results/out.json") is None


def test_sums_are_those_of_the_tries(tmp_path: Path) -> None:
    study = small_study(power={"gpu_watts": 500, "core_watts": 10})
    tried(tmp_path, f"checkpoints/{CELL}", 1, outcome="stopped", gpus=2)
    tried(tmp_path, f"checkpoints/{CELL}", 2, gpus=2, energy_joules=1.8e6)
    tried(tmp_path, "annotations/gradeschool/tutor/original/L1", 1, usd=0.5, input_tokens=30, output_tokens=12)
    tried(tmp_path, "data/gradeschool/train", 1)
    benchmark = tmp_path / "benchmarks" / "metrics" / CELL / "test"
    benchmark.mkdir(parents=True)
    (benchmark / "greedy.tsv").write_text("s\th:m:s\tcpu_time\n36.0\t0:00:36\t18.0\n")
    rows = {(row.stage, row.experiments): row for row in spent_by_stage(tmp_path, study)}
    training = rows["checkpoints", "granularity"]
    assert (training.tries, training.unfinished, training.gpu_hours, training.kwh_measured) == (2, 1, 4.0, 0.5)
    assert training.kwh_declared == pytest.approx(2.0 + 0.01)
    assert rows["metrics", "granularity"].wall_hours == pytest.approx(0.01)
    total = rows["all", "all"]
    assert (total.tries, total.usd, total.input_tokens, total.output_tokens) == (5, 0.5, 30, 12)
    parts = [row for key, row in rows.items() if key != ("all", "all")]
    assert total.cpu_hours == pytest.approx(sum(row.cpu_hours for row in parts))
    last = list(csv.DictReader(io.StringIO(to_csv(list(rows.values())))))[-1]
    assert (last["stage"], last["tries"], last["kwh_measured"], last["gpu_hours"]) == ("all", "5", "0.5000", "4.0000")


def test_an_unknown_energy_is_no_zero(tmp_path: Path) -> None:
    tried(tmp_path, f"checkpoints/{CELL}", 1)
    (row, total) = spent_by_stage(tmp_path, small_study())
    assert (row.kwh_measured, row.kwh_declared, total.kwh_measured) == (None, None, None)


def test_a_study_beyond_its_gpu_hours_starts_no_training(tmp_path: Path) -> None:
    tried(tmp_path / "results/tiny", f"checkpoints/{CELL}", 1, gpus=2, outcome="failed")
    settings = CellTraining(recipe=Recipe.model_validate({}), seed=1).model_dump_json()
    for budget, told in (("1.5", "used 2.00 of its 1.5 GPU hours (failed tries included)"), ("2.5", "not-there")):
        command = [sys.executable, str(SCRIPTS / "train.py"), "--cell", "c", "--training-set", "not-there.jsonl"]
        command += ["--student", "not-there", "--settings", settings, "--budget-gpu-hours", budget]
        command += ["--output", f"results/tiny/checkpoints/{CELL}"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 1 and told in done.stderr
