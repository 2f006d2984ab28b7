"""A study's archive: two builds alike, verified, restored into an empty folder, and made again from there."""

import json
import shlex
import shutil
import subprocess
import sys
import tarfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import tiny_study
from crate_validation import PROFILES, problems
from foreign_archives import write_study_archive
from running import HANG_LIMIT, PROJECT, Workflow, bytes_of, program

from gradus.archive.groups import GUIDES, groups
from gradus.archive.verification import read_sums
from gradus.runtime.jsonl import read_json
from gradus.study.config import load
from gradus.study.grid import cells
from gradus.study.paths import is_run_record


def test_two_builds_are_the_same_and_hold_every_cell(finished: Workflow, copied: Workflow) -> None:
    first, second = finished.results / "archive", copied.results / "archive"
    (second / "metrics.tar").unlink()
    copied.run("archive")
    names = sorted(path.name for path in first.iterdir())
    study = load(finished.config)
    companions = [*GUIDES, "SHA256SUMS", "manifest.json", "ro-crate-metadata.json"]
    assert names == sorted([*(f"{group}.tar" for group in groups(study)), *companions])
    for name in names:
        assert (second / name).read_bytes() == (first / name).read_bytes(), name
    sums = read_sums(first / "SHA256SUMS")
    for cell in cells(study):
        assert any(str(cell) in name for name in sums), cell
    assert not [name for name in sums if "/weights/" in name]
    records = [name for name in sums if name.endswith(".run.json") or name.startswith(".snakemake/metadata/")]
    manifest = json.loads((first / "manifest.json").read_text(encoding="utf-8"))
    for name, group in {
        "code/Snakefile": "code",
        "code/config.yaml": "config",
        "results/tiny/study.json": "config",
        "code/prompts/README.md": "prompts",
    }.items():
        assert manifest["members"][name] == group
    assert records and {manifest["members"][name] for name in records} == {"provenance"}
    assert isinstance(manifest["changed_since_commit"], bool) and len(manifest["commit"]) == 40


@pytest.mark.parametrize("profile", PROFILES)
def test_the_crate_is_valid_and_tells_of_every_job(
    finished: Workflow, monkeypatch: pytest.MonkeyPatch, profile: str
) -> None:
    archive = finished.results / "archive"
    assert problems(archive, profile, monkeypatch) == []
    entities = json.loads((archive / "ro-crate-metadata.json").read_text(encoding="utf-8"))["@graph"]
    actions = [entity["name"].split(" of ")[0] for entity in entities if entity["@id"].startswith("#job-")]
    assert Counter(actions) >= Counter(
        {"train": 4, "generate": 4, "score": 4, "training_set": 4, "annotate": 2, "data": 2}
    )
    made = {entity["@id"] for entity in entities if entity.get("isPartOf", {}).get("@id") == "metrics.tar"}
    assert len(made) == 4 * 3


def test_weights_and_journal_where_the_study_asks_for_them(copied: Workflow) -> None:
    """And without the interpreters of this machine: the study here still agrees with the archive."""
    copied.config["archive"] = {"weights": True, "journal": True}
    copied.config["interpreters"] = {"analyse": shlex.quote(sys.executable)}
    assert copied.jobs("archive")["archive"] == 1
    copied.run("archive")
    manifest = json.loads((copied.results / "archive" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["groups"]["weights"]["files"] >= 4 * 5
    assert manifest["groups"]["journal"]["files"] > 0
    archive = copied.results / "archive"
    with tarfile.open(archive / "config.tar") as tar:
        packed = tar.extractfile("results/tiny/study.json")
        assert packed is not None and sys.executable not in packed.read().decode()
    assert sys.executable in (copied.results / "study.json").read_text(encoding="utf-8")
    verified = program("verify", archive, "--results", copied.folder, folder=copied.folder)
    assert verified.returncode == 0, verified.stdout


def test_a_budget_stops_it_before_anything_is_written(copied: Workflow) -> None:
    archive, resolved = copied.results / "archive", copied.results / "study.json"
    before = bytes_of(archive)
    for budget, key in (
        ({"budget_gib": 0.00001}, "archive.budget_gib"),
        ({"budgets_gib": {"predictions": 0.0000001}}, "archive.budgets_gib.predictions"),
    ):
        resolved.write_text(json.dumps(read_json(resolved) | {"archive": budget}), encoding="utf-8")
        asked = ("--study", "results/tiny/study.json", "--output", "results/tiny/archive/manifest.json")
        stopped = program("archive", *asked, "--prompts", PROJECT / "prompts", folder=copied.folder)
        assert stopped.returncode == 1 and "more than its budget" in stopped.stderr and key in stopped.stderr
    assert "the group 'predictions'" in stopped.stderr and bytes_of(archive) == before


def without_network() -> tuple[str, ...]:
    """What runs a command on a machine without any network; nothing where the kernel does not let users do that."""
    command = ("unshare", "--map-root-user", "--net")
    done = subprocess.run([*command, "true"], capture_output=True) if shutil.which(command[0]) else None
    return command if done is not None and done.returncode == 0 else ()


def test_restored_elsewhere_nothing_is_trained_and_tables_have_the_same_bytes(
    finished: Workflow, tmp_path: Path
) -> None:
    archive = finished.results / "archive"
    verified = program("verify", archive, "--results", finished.folder, folder=tmp_path)
    assert verified.returncode == 0, verified.stdout
    clone = Workflow(tmp_path / "clone", finished.config, before=without_network())
    clone.folder.mkdir()
    restored = program("restore", archive, "--into", clone.folder, folder=tmp_path)
    assert restored.returncode == 0, restored.stderr
    assert not list(clone.results.glob("checkpoints/**/weights"))
    assert clone.jobs() == {}  # nothing at all: what a run of the whole study makes is in the archive
    clone.config["recipe"]["learning_rate"] /= 2
    assert clone.jobs("metrics") == {}  # without records whatever is restored counts as up to date
    assert not [path for path in (clone.folder / ".snakemake" / "metadata").rglob("*") if path.is_file()]
    again = program("restore", archive, "--into", clone.folder, "--with-records", folder=tmp_path)
    assert again.returncode == 0, again.stderr
    retrained = {"student": 1, "training_set": 2, "train": 2, "generate": 2, "score": 2}
    assert clone.jobs("metrics") == retrained  # of the student without a recipe of its own; its base is no result
    clone.config["recipe"]["learning_rate"] *= 2
    assert clone.jobs("tables", "figures", "exhibits") == {}
    metric = "results/tiny/metrics/gradeschool/tutor/original/L1/mini/seed1/test/greedy.json"
    explained = [program("explain", metric, folder=run.folder) for run in (finished, clone)]
    assert explained[1].returncode == 0, explained[1].stderr
    assert "wall_seconds" in explained[1].stdout  # when and how long it ran came along
    shown = (
        *(path for path in clone.results.glob("tables/*") if not is_run_record(path.as_posix())),
        *clone.results.glob("figures/granularity.*"),
        *clone.results.glob("paper/*"),
        clone.results / "report" / "explorer.html",
    )
    before = {path: path.read_bytes() for path in shown}
    assert len(before) >= 7
    for path in before:
        path.unlink()
    made = ("tables/claims.csv", "report/explorer.html", "paper/main.tex")
    targets = ("tables", "figures", "exhibits", *(f"results/tiny/{name}" for name in made))
    jobs = clone.jobs(*targets)
    assert (
        {"table", "figure", "exhibit_figure", "exhibit_table", "findings", "explorer", "manuscript"}
        >= set(jobs)
        >= {"table", "explorer"}
    )
    clone.run(*targets)
    assert {path: path.read_bytes() for path in before} == before
    changed = clone.results / "metrics/gradeschool/tutor/original/L1/mini/seed1/test/greedy.json"
    changed.write_text(changed.read_text(encoding="utf-8") + " ", encoding="utf-8")
    checked = program("verify", archive, "--results", clone.folder, folder=tmp_path)
    assert checked.returncode == 1 and f"changed: {changed.relative_to(clone.folder)}" in checked.stdout


def test_the_study_of_a_foreign_archive_runs_no_command(workflow: Callable[..., Workflow], tmp_path: Path) -> None:
    """Restored and used as its guide says: neither its interpreters nor the server of a teacher ever start."""
    config = tiny_study("gift")
    config["interpreters"] = dict.fromkeys(("data", "annotate"), f"touch {tmp_path}/OWNED; {sys.executable}")
    served = {"provider": "vllm", "model": "m", "server": ["sh", "-c", f"touch {tmp_path}/OWNED2"], "health": "/"}
    config["teachers"]["served"] = served
    config["experiments"]["granularity"]["teachers"] = ["served"]
    archive = write_study_archive(tmp_path / "archive", config)
    run = workflow(config)
    restored = program("restore", archive, "--into", run.folder, folder=tmp_path)
    assert restored.returncode == 0, restored.stderr

    def snakemake(*arguments: str) -> str:
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(PROJECT / "Snakefile"), "--cores", "2"]
        environment = run.environment()
        done = subprocess.run(
            [*command, *arguments],
            cwd=run.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=HANG_LIMIT,
            check=False,
        )
        return done.stdout + done.stderr

    study = ("--configfile", "results/gift/study.json")
    for target in ("data/gradeschool/test.jsonl", "annotations/gradeschool/served/original/L1.jsonl"):
        output = snakemake(f"results/gift/{target}", *study)
        assert not list(tmp_path.glob("OWNED*")), output
    assert "offline: true asks nobody" in output, output[-3000:]
    assert "interpreters.data" in restored.stderr and "teachers.served.server" in restored.stderr
    (run.folder / "mine.yaml").write_text("interpreters: {data: my-python -X dev}\n", encoding="utf-8")
    output = snakemake("results/gift/data/gradeschool/test.jsonl", *study, "mine.yaml", "-n", "-p", "--forceall")
    assert "my-python -X dev" in output, output[-3000:]
