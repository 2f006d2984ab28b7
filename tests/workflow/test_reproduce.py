"""An archive computed again in an empty folder: the same where it is, and a planted change is the one thing that differs."""

import shutil
from pathlib import Path

import pytest
from foreign_archives import plant_solved
from running import Workflow, program

METRIC = "results/tiny/metrics/gradeschool/tutor/original/L1/mini/seed1/test/greedy.json"


def test_a_planted_change_is_one_differing_claim(finished: Workflow, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    shutil.copytree(finished.results / "archive", archive)
    plant_solved(archive, METRIC, 5)
    told = program("reproduce", archive, "--dry-run", folder=tmp_path)
    assert told.returncode == 0 and "minutes of single jobs" in told.stderr and "MB of disk" in told.stderr
    refused = program("reproduce", archive, "--depth", "predictions", folder=tmp_path)
    assert refused.returncode == 1 and "holds no weights" in refused.stderr
    report = tmp_path / "report.md"
    done = program("reproduce", archive, "--into", tmp_path / "again", "--output", report, folder=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    differing = [line for line in lines if line.startswith("differs") and line.split()[1] == "claim"]
    assert len(differing) == 1 and "mini" in differing[0] and "estimate" in differing[0], done.stdout
    assert any(line.startswith("same") and "midi" in line for line in lines)
    assert "1 differs" in next(line for line in lines if line.startswith("claims:"))
    assert "estimate" in report.read_text(encoding="utf-8")
    again = program("reproduce", archive, "--into", tmp_path / "again", folder=tmp_path)
    assert again.returncode == 1 and "is not empty" in again.stderr


@pytest.mark.full
@pytest.mark.parametrize("depth", ["predictions", "train"])
def test_students_write_and_train_again(copied: Workflow, tmp_path: Path, depth: str) -> None:
    """On the machine of the archive the same bytes come out, whatever a store or the work folder holds."""
    copied.config["archive"] = {"weights": True}
    copied.run("archive")
    again, store = tmp_path / "again", tmp_path / "store"
    store.mkdir()
    command = ["reproduce", copied.results / "archive", "--depth", depth, "--into", again, "--cores", 2]
    done = program(*command, folder=tmp_path, GRADUS_STORE=str(store))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "differs" not in done.stdout.replace("0 differs", "") and f"depth {depth}: about" in done.stderr
    counts = [line for line in done.stdout.splitlines() if line.startswith(("claims:", "metric files:"))]
    assert len(counts) == 2 and all("0 within tolerance, 0 differs" in line for line in counts), done.stdout
    assert not any(store.iterdir())
    assert made_here(again, copied, "checkpoints") == (depth == "train")
    assert made_here(again, copied, "predictions")


def made_here(again: Path, study: Workflow, stage: str) -> bool:
    """Whether all jobs of a stage ran again: their records tell other times than those that the archive restored."""
    records = list((study.results / stage).rglob("*.run.json"))
    new = {
        (again / "results/tiny" / path.relative_to(study.results)).read_bytes() != path.read_bytes() for path in records
    }
    assert records and len(new) == 1, f"some of the {stage} were made, others restored"
    return new.pop()
