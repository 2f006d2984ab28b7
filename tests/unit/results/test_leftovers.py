"""What of a study's folder may go, and what must stay."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from builders import tiny_study

from gradus.results.leftovers import Leftover, find, other_studies, remove
from gradus.results.store import Results
from gradus.runtime.atomic import canonical_json, sha256_bytes
from gradus.runtime.errors import UserError
from gradus.study.config import load

CELL = "gradeschool/tutor/original/L1/{student}/seed1"
FILES = (
    "metrics/{cell}/test/greedy.json",
    "metrics/{cell}/test/greedy.rows.jsonl",
    "metrics/{cell}/test/greedy.rows.manifest.json",
    "predictions/{cell}/test/greedy.jsonl",
    "predictions/{cell}/test/greedy.manifest.json",
    "predictions/{cell}/test/greedy.run.json",
    "checkpoints/{cell}/manifest.json",
    "checkpoints/{cell}/weights/model.safetensors",
    "logs/checkpoints/{cell}.log",
    "benchmarks/metrics/{cell}/test/greedy.tsv",
    "training_sets/gradeschool/tutor/original/L1/{student}.jsonl",
    "training_sets/gradeschool/tutor/original/L1/{student}.manifest.json",
    "students/{student}/manifest.json",
)


@pytest.fixture
def results(tmp_path: Path) -> Results:
    """Two finished cells, of which the study asks for one."""
    study = tiny_study("tidy")
    study["experiments"]["granularity"] |= {"students": ["mini"], "baselines": []}
    del study["students"]["midi"]
    for student in ("mini", "midi"):
        cell = CELL.format(student=student)
        for name in FILES:
            path = tmp_path / "results" / "tidy" / name.format(cell=cell, student=student)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"identity": {"student": student}}), encoding="utf-8")
    for kept in ("annotations/gradeschool/tutor/original/L9.jsonl", "attempts/x.run.json", "data/gone/train.jsonl"):
        path = tmp_path / "results" / "tidy" / kept
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}", encoding="utf-8")
    return Results(tmp_path, load(study, "tidy"))


def work(results: Results) -> Path:
    return results.root / "work"


def going(found: list[Leftover], kind: str) -> list[str]:
    return [one.name.replace("results/tidy/", "") for one in found if one.kind == kind and not one.stays]


def test_all_of_what_left_the_study_goes_and_nothing_else(results: Results) -> None:
    found = find(results, work(results))
    gone = CELL.format(student="midi")
    assert going(found, "left the study") == [
        f"metrics/{gone}/test/greedy.json",
        f"predictions/{gone}/test/greedy.jsonl",
        f"checkpoints/{gone}",
        "training_sets/gradeschool/tutor/original/L1/midi.jsonl",
        "students/midi",
    ]
    for one in found:
        if one.kind == "left the study":
            remove(one, results.root)
    tidy = results.root / "results" / "tidy"
    left = [path.relative_to(tidy).as_posix() for path in tidy.rglob("*")]
    assert not [path for path in left if "midi" in path]
    assert {"annotations/gradeschool/tutor/original/L9.jsonl", "attempts/x.run.json", "data/gone/train.jsonl"} <= {
        *left
    }
    mini = [name.format(cell=CELL.format(student="mini"), student="mini") for name in FILES]
    assert {*mini} <= {*left}
    assert going(find(results, work(results)), "left the study") == []


def test_weights_go_only_where_every_prediction_is_there(results: Results) -> None:
    cell = CELL.format(student="mini")
    assert going(find(results, work(results)), "weights") == [f"checkpoints/{cell}/weights"]
    (results.root / f"results/tidy/predictions/{cell}/test/greedy.manifest.json").unlink()
    assert going(find(results, work(results)), "weights") == []


def test_progress_goes_where_the_training_is_finished_and_predicted(results: Results) -> None:
    for identity in ({"student": "mini"}, {"student": "another study's"}):
        folder = work(results) / sha256_bytes(canonical_json(identity).encode())[:32]
        folder.mkdir(parents=True)
        (folder / "identity.json").write_text("{}")
    (only,) = [one for one in find(results, work(results)) if one.kind == "progress"]
    assert only.size == 2
    remove(only, results.root)
    assert len(list(work(results).iterdir())) == 1


def test_what_a_job_holds_now_stays(results: Results) -> None:
    folder = work(results) / sha256_bytes(canonical_json({"student": "mini"}).encode())[:32]
    folder.mkdir(parents=True)
    folder.with_name(f"{folder.name}.lease").touch()
    (only,) = [one for one in find(results, work(results)) if one.kind == "progress"]
    assert only.stays == "a job holds it"
    with pytest.raises(UserError, match="a job holds it"):
        remove(only, results.root)


def test_what_another_study_names_stays(results: Results) -> None:
    (results.root / "studies").mkdir()
    (results.root / "studies" / "other.yaml").write_text("students: {a: {model: results/tidy/students/midi/model}}")
    found = find(results, work(results), other_studies(results.root, "tidy"))
    assert "students/midi" not in going(found, "left the study")
    assert [one.stays for one in found if one.name.endswith("students/midi")] == ["another study names it"]


def test_files_that_are_no_study_do_not_hinder(results: Results) -> None:
    (results.root / "latin.yaml").write_bytes("# f\xfcr students: results/tidy/students/midi".encode("latin-1"))
    (results.root / "folder.yaml").mkdir()
    (results.root / "gone.yml").symlink_to("nowhere")
    others = other_studies(results.root, "tidy")
    assert [path.name for path in others] == ["latin.yaml"]
    assert "students/midi" not in going(find(results, work(results), others), "left the study")


def test_what_the_archive_lists_stays_until_it_is_made_again(results: Results) -> None:
    cell = CELL.format(student="midi")
    sums = results.root / "results" / "tidy" / "archive" / "SHA256SUMS"
    sums.parent.mkdir()
    sums.write_text(f"{'0' * 64}  results/tidy/metrics/{cell}/test/greedy.rows.jsonl\n")
    found = find(results, work(results))
    assert f"metrics/{cell}/test/greedy.json" not in going(found, "left the study")
    assert f"checkpoints/{cell}" in going(found, "left the study")


def test_a_file_with_another_link_frees_nothing(results: Results) -> None:
    weights = results.root / f"results/tidy/checkpoints/{CELL.format(student='mini')}/weights/model.safetensors"
    (only,) = [one for one in find(results, work(results)) if one.kind == "weights"]
    assert only.size == weights.stat().st_size
    os.link(weights, results.root / "stored")
    assert only.size == 0


def test_nothing_is_looked_for_while_a_workflow_runs(results: Results) -> None:
    (results.root / ".snakemake" / "locks").mkdir(parents=True)
    (results.root / ".snakemake" / "locks" / "0.input.lock").touch()
    with pytest.raises(UserError, match="a workflow runs here"):
        find(results, work(results))
