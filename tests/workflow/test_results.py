"""What a finished study holds."""

import hashlib
import json
import zipfile

from documents import undocumented_fields
from running import Workflow

from gradus.records import Annotation, Example, Prediction, Problem, Scored
from gradus.runtime.jsonl import read_manifest, read_records
from gradus.study.config import load
from gradus.workflow.targets import everything


def test_every_target_is_there_and_not_empty(finished: Workflow) -> None:
    for target in everything(load(finished.config)):
        assert (finished.folder / target).stat().st_size > 0, target


def test_a_colleague_may_read_every_file(finished: Workflow) -> None:
    """Weights were their writer's alone: safetensors makes them so."""
    files = [path for path in finished.results.rglob("*") if path.is_file()]
    assert sum(path.suffix == ".safetensors" for path in files) == 4 + 2
    assert [path for path in files if path.stat().st_mode & 0o044 != 0o044] == []


def test_every_record_file_reads_back_and_matches_its_manifest(finished: Workflow) -> None:
    kinds = {
        "data": Problem,
        "annotations": Annotation,
        "training_sets": Example,
        "predictions": Prediction,
        "metrics": Scored,
    }
    count = 0
    for folder, kind in kinds.items():
        for path in (finished.results / folder).rglob("*.jsonl"):
            assert len(read_records(path, kind)) == read_manifest(path)["rows"]
            count += 1
    assert count == 2 + 2 + 4 + 4 + 4


def test_every_field_is_documented(finished: Workflow) -> None:
    assert undocumented_fields(finished.results) == set()


def test_every_step_has_the_same_samples_at_every_supervision(finished: Workflow) -> None:
    traces = [path.read_text(encoding="utf-8") for path in finished.results.glob("checkpoints/**/trace.jsonl")]
    samples = {tuple(json.loads(line)["samples"] for line in trace.splitlines()) for trace in traces}
    assert len(traces) == 4
    assert samples == {(8, 8, 8)}


def test_a_checkpoint_is_proven_and_self_contained(finished: Workflow) -> None:
    for folder in finished.results.glob("checkpoints/**/seed1"):
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        names = {path.name for path in (folder / "weights").iterdir()} - {".snakemake_timestamp"}
        assert {"model.safetensors", "config.json", "tokenizer.json", "deepspeed.json"} <= names
        assert not [name for name in names if name.endswith((".pt", ".bin", ".pkl"))]
        assert set(manifest["files"]) == names
        for name, digest in manifest["files"].items():
            assert hashlib.sha256((folder / "weights" / name).read_bytes()).hexdigest() == digest
        assert manifest["steps"] == 3
        assert manifest["identity"]["recipe"]["zero_stage"] == 2


def test_no_progress_is_left_behind(finished: Workflow) -> None:
    assert not [path for path in (finished.folder / "work").rglob("*") if path.is_file()]


def test_targets_hold_no_time(finished: Workflow) -> None:
    """What depends on when or how long a job ran is in *.run.json only."""
    words = ("wall_seconds", "started", "timestamp", '"time"', "host")
    for path in [*finished.results.rglob("*.json"), *finished.results.rglob("*.jsonl")]:
        if ".run." not in path.name and "plan" not in path.parts:
            text = path.read_text(encoding="utf-8")
            assert not [word for word in words if word in text], path


def test_the_report_has_captions_and_labels(finished: Workflow) -> None:
    with zipfile.ZipFile(finished.results / "report" / "report.zip") as report:
        names = report.namelist()
        text = "".join(
            report.read(name).decode("utf-8", "replace") for name in names if name.endswith((".html", ".js"))
        )
    assert any(name.endswith("findings.html") for name in names)
    assert any(name.endswith("granularity.svg") for name in names)
    for expected in ("How fine?", "experiment", "training loss", "findings in words"):
        assert expected in text, expected


def test_tables_and_findings_say_what_they_must(finished: Workflow) -> None:
    table = (finished.results / "tables" / "granularity.md").read_text(encoding="utf-8")
    latex = (finished.results / "tables" / "granularity.tex").read_text(encoding="utf-8")
    findings = (finished.results / "report" / "findings.md").read_text(encoding="utf-8")
    assert "n = 10 test problems, 1 seed" in table
    assert "two checkpoints, not two conditions" in table
    assert r"\toprule" in latex and latex.count(r"\\") >= 3
    assert "synthetic" in findings
    assert "not shown to be above always giving the most frequent answer" in findings


def test_the_run_ends_with_places_and_headline_numbers(finished: Workflow) -> None:
    import os
    import time

    from gradus.workflow.summary import text

    before = os.getcwd()
    os.chdir(finished.folder)
    try:
        closing = text(load(finished.config), began=0.0)
        later = text(load(finished.config), began=time.time() + 60)
    finally:
        os.chdir(before)
    for expected in (
        "report:",
        "tables:",
        "figures:",
        "Headline numbers:",
        "nothing to recommend",
    ):
        assert expected in closing
    assert len(later.splitlines()) == 1, "a run names what it made, and nothing older"
