"""A study's archive: two builds alike, verified, restored into an empty folder, and made again from there."""

import json
from pathlib import Path

from conftest import Workflow, program

from gradus.archive.groups import groups
from gradus.archive.verification import read_sums
from gradus.config import load
from gradus.grid import cells


def test_two_builds_are_the_same_and_hold_every_cell(finished: Workflow, copied: Workflow) -> None:
    first, second = finished.results / "archive", copied.results / "archive"
    (second / "metrics.tar").unlink()
    copied.run("archive")
    names = sorted(path.name for path in first.iterdir())
    study = load(finished.config)
    assert names == sorted([*(f"{group}.tar" for group in groups(study)), "SHA256SUMS", "manifest.json"])
    for name in names:
        assert (second / name).read_bytes() == (first / name).read_bytes(), name
    sums = read_sums(first / "SHA256SUMS")
    for cell in cells(study):
        assert any(str(cell) in name for name in sums), cell
    assert "code/Snakefile" in sums and "code/prompts/README.md" in sums
    assert not [name for name in sums if name.endswith(".run.json") or "/weights/" in name]


def test_weights_and_journal_where_the_study_asks_for_them(copied: Workflow) -> None:
    copied.config["archive"] = {"weights": True, "journal": True}
    assert copied.jobs("archive")["archive"] == 1
    copied.run("archive")
    manifest = json.loads((copied.results / "archive" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["groups"]["weights"]["files"] >= 4 * 5
    assert manifest["groups"]["journal"]["files"] > 0


def test_a_budget_stops_it_before_anything_is_written(copied: Workflow) -> None:
    copied.config["archive"] = {"budget_gib": 0.00001}
    output = copied.run("archive", ok=False)
    assert "more than its budget" in output and "archive.budget_gib" in output


def test_restored_elsewhere_nothing_is_trained_and_tables_have_the_same_bytes(
    finished: Workflow, tmp_path: Path
) -> None:
    archive = finished.results / "archive"
    verified = program("verify", archive, "--results", finished.folder, folder=tmp_path)
    assert verified.returncode == 0, verified.stdout
    clone = Workflow(tmp_path / "clone", finished.config)
    clone.folder.mkdir()
    restored = program("restore", archive, "--into", clone.folder, folder=tmp_path)
    assert restored.returncode == 0, restored.stderr
    assert not list(clone.results.glob("checkpoints/**/weights"))
    assert clone.jobs("tables", "figures") == {}
    shown = (*clone.results.glob("tables/*"), *clone.results.glob("figures/granularity.*"))
    before = {path: path.read_bytes() for path in shown}
    assert len(before) >= 7
    for path in before:
        path.unlink()
    targets = ("tables", "figures", "results/tiny/tables/claims.csv")
    jobs = clone.jobs(*targets)
    assert {"table", "figure", "findings"} == set(jobs)
    clone.run(*targets)
    assert {path: path.read_bytes() for path in before} == before
    changed = clone.results / "metrics/gradeschool/tutor/original/L1/mini/seed1/greedy.json"
    changed.write_text(changed.read_text(encoding="utf-8") + " ", encoding="utf-8")
    again = program("verify", archive, "--results", clone.folder, folder=tmp_path)
    assert again.returncode == 1 and f"changed: {changed.relative_to(clone.folder)}" in again.stdout
