"""What a job has made before is kept from Snakemake, and taken back by the job where it is what it would make again."""

import os
import shutil
from pathlib import Path

import pytest

from gradus.results.set_aside import (
    answers_in_progress,
    drop,
    drop_answers,
    holds,
    is_set_aside,
    manifest_aside,
    set_aside,
    take_back,
    tidy,
)
from gradus.runtime.atomic import sha256_bytes
from gradus.runtime.leases import lease
from gradus.study.paths import Artifact

WEIGHTS, MANIFEST = Artifact("results/s/checkpoints/c/weights"), Artifact("results/s/checkpoints/c/manifest.json")
MADE = [WEIGHTS, MANIFEST]


@pytest.fixture(autouse=True)
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path(WEIGHTS).mkdir(parents=True)
    (Path(WEIGHTS) / "model").write_text("weights")
    Path(MANIFEST).write_text("manifest")
    return tmp_path


def snakemake_starts_the_job() -> None:
    shutil.rmtree(WEIGHTS)
    os.unlink(MANIFEST)


def test_what_the_job_takes_back_is_what_it_made() -> None:
    before = (Path(WEIGHTS) / "model").stat().st_ino
    assert set_aside(MADE) and is_set_aside(MADE)
    snakemake_starts_the_job()
    take_back(MADE)
    assert (Path(WEIGHTS) / "model").stat().st_ino == before, "a link takes no space"
    assert Path(MANIFEST).read_text() == "manifest"
    assert not Path("results/s/set_aside").exists()


def test_weights_are_those_of_their_manifest_whatever_snakemake_adds() -> None:
    (Path(WEIGHTS) / ".snakemake_timestamp").touch()
    set_aside(MADE)
    sums = {"model": sha256_bytes(b"weights")}
    assert holds(WEIGHTS, sums)
    (Path(WEIGHTS.aside) / "model").unlink()
    assert not holds(WEIGHTS, sums)


@pytest.mark.parametrize("damaged", ["", "[]", "manifest", '{"files": 3}', "{}"])
def test_a_damaged_manifest_tells_nothing_and_all_is_made_anew(damaged: str) -> None:
    Path(MANIFEST).write_text(damaged)
    set_aside(MADE)
    assert manifest_aside(MANIFEST).get("identity") is None and not holds(
        WEIGHTS, manifest_aside(MANIFEST).get("files")
    )


def test_what_is_not_whole_is_not_kept() -> None:
    os.unlink(MANIFEST)
    assert not set_aside(MADE) and not Path("results/s/set_aside").exists()


def test_a_file_system_without_links_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no links")

    monkeypatch.setattr(os, "link", refuse)
    assert not set_aside(MADE) and not Path("results/s/set_aside").exists()


def test_what_no_job_has_come_to_is_forgotten_and_what_a_job_deleted_is_not() -> None:
    set_aside(MADE)
    tidy(Artifact("results/s"))
    assert not Path("results/s/set_aside").exists() and Path(MANIFEST).exists()
    set_aside(MADE)
    snakemake_starts_the_job()
    tidy(Artifact("results/s"))
    assert is_set_aside(MADE), "the job failed: the next try finds it"
    drop(MADE)
    assert not Path("results/s/set_aside").exists()


def test_answers_that_are_scored_are_dropped_unless_another_job_writes_the_same(made: Path) -> None:
    identity = "0" * 32
    kept = answers_in_progress(identity)
    with lease(kept, "predictions of another study"):
        kept.write_text("a batch\n")
        drop_answers(identity)
        assert kept.exists()
    drop_answers(identity)
    assert not kept.exists()


def test_nothing_else_is_dropped_whatever_a_manifest_says(made: Path) -> None:
    Path("work/predictions").mkdir(parents=True)
    paid = Path("journal/teacher/shard.jsonl")
    paid.parent.mkdir(parents=True)
    paid.write_text("paid\n")
    for identity in ("../../journal/teacher/shard", str(paid.resolve().with_suffix("")), "", None, 7):
        drop_answers(identity)
    assert paid.exists()


def test_a_score_does_not_fail_for_a_working_folder_out_of_reach(made: Path) -> None:
    Path("work").write_text("as unreachable as another user's\n")
    drop_answers("0" * 32)
