"""A finished study of an earlier layout, brought into today's without its weights."""

import json
import shutil
from pathlib import Path

import pytest
from builders import tiny_study
from running import program

from gradus.results.adoption import adopt
from gradus.results.store import Results
from gradus.runtime.errors import UserError
from gradus.study.grid import cells


def earlier(folder: Path) -> Path:
    """A study as version 0.1.0 left it: metrics of a cell lie in its own folder and do not name the problems."""
    finished = folder / "results" / "tiny"
    config = {key: value for key, value in tiny_study("tiny").items() if value}
    cell = finished / "metrics/gradeschool/tutor/original/L1/mini/seed1"
    for part in (cell, finished / "checkpoints/gradeschool/tutor/original/L1/mini/seed1/weights"):
        part.mkdir(parents=True)
        (part / "greedy.json").write_text(json.dumps({"accuracy": 0.5}), encoding="utf-8")
    (cell / "greedy.rows.jsonl").write_text("{}\n", encoding="utf-8")
    (finished / "study.json").write_text(json.dumps(config), encoding="utf-8")
    return finished


def test_metrics_lie_where_they_are_read_and_name_their_problems(tmp_path: Path) -> None:
    old = earlier(tmp_path / "old")
    (old / "declared-0123456789ab.run.json").write_text('{"trainings_before": 0}', encoding="utf-8")
    study = adopt(old, tmp_path / "new")
    assert (study.parent / "declared-0123456789ab.run.json").exists(), "what was declared before stays so"
    results = Results.open(study.parent)
    (cell, *_) = cells(results.study)
    assert results.has_metrics(cell)
    found = study.parent / "metrics/gradeschool/tutor/original/L1/mini/seed1/test"
    assert json.loads((found / "greedy.json").read_text(encoding="utf-8")) == {"accuracy": 0.5, "problems": "test"}
    assert (found / "greedy.rows.jsonl").exists() and not list(study.parent.rglob("weights"))
    again = adopt(study.parent, tmp_path / "again")
    assert (again.parent / found.relative_to(study.parent) / "greedy.json").exists(), "today's layout stays"
    with pytest.raises(UserError, match="is there already"):
        adopt(tmp_path / "old" / "results" / "tiny", tmp_path / "new")
    with pytest.raises(UserError, match="no study"):
        adopt(tmp_path, tmp_path / "other")


def test_an_unfinished_study_is_told_by_its_own_paths_and_nothing_stays(tmp_path: Path) -> None:
    """The message named a file in the output folder, which was in the way of the next try."""
    for _ in range(2):
        done = program("reanalyse", earlier(tmp_path / "old"), "--output", "new", folder=tmp_path)
        assert done.returncode == 1 and "once it is finished: run it, then this" in done.stderr, done.stderr
        assert f"{tmp_path}/old/results/tiny/" in done.stderr and "new/results" not in done.stderr
        assert not (tmp_path / "new/results/tiny").exists()
        shutil.rmtree(tmp_path / "old")
