"""The crate of an archive: its jobs as Snakemake recorded them, and the profiles that it claims."""

import json
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import pytest
from builders import tiny_study
from crate_validation import PROFILES, problems

from gradus.archive.crate import METADATA, ArchivedFile, metadata
from gradus.archive.finished_jobs import FinishedJob, finished_jobs, record_files
from gradus.archive.manifest import Tar
from gradus.study.config import Study, load


def study(**archive: Any) -> Study:
    return load({**tiny_study(), "archive": archive})


JOBS = [
    FinishedJob(
        "data",
        ("journal/x",),
        ("results/tiny/data/a.jsonl",),
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:01Z",
        "python data.py",
    ),
    FinishedJob(
        "train",
        ("results/tiny/data/a.jsonl",),
        ("results/tiny/checkpoints/a/manifest.json", "results/tiny/checkpoints/a/weights"),
        "2026-01-01T00:00:02Z",
        "2026-01-01T00:01:00Z",
        "python train.py",
    ),
]
GROUPS = {
    "code": Tar("code.tar", 3, 10, "a" * 64),
    "config": Tar("config.tar", 1, 12, "d" * 64),
    "data": Tar("data.tar", 1, 11, "b" * 64),
}
COMPANIONS = {"README.md": 5, "SHA256SUMS": 6, "Snakefile": 7}
FILES = {"results/tiny/data/a.jsonl": ArchivedFile("data", "c" * 64)}


def write(folder: Path, content: dict[str, Any]) -> Path:
    folder.mkdir()
    for name in (*COMPANIONS, *(tar.file for tar in GROUPS.values())):
        (folder / name).write_text("x", encoding="utf-8")
    (folder / METADATA).write_text(json.dumps(content), encoding="utf-8")
    return folder


@pytest.mark.parametrize("jobs", [JOBS, []], ids=["with jobs", "without records of jobs"])
@pytest.mark.parametrize("profile", PROFILES)
def test_a_crate_is_valid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: str, jobs: list[FinishedJob]
) -> None:
    if not jobs and "run" in profile:
        pytest.skip("a crate without jobs claims no profile of runs")
    authors = [{"name": "Doe, Jo", "orcid": "0000-0002-1825-0097", "affiliation": "Nowhere"}, {"name": "Roe, Al"}]
    made = metadata(study(authors=authors, licence="CC-BY-4.0"), GROUPS, COMPANIONS, FILES, jobs, {"snakemake": "9"})
    assert problems(write(tmp_path / "crate", made), profile, monkeypatch) == []


def test_the_validator_sees_a_broken_crate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = metadata(study(), GROUPS, COMPANIONS, FILES, JOBS, {})
    made["@graph"] = [entity for entity in made["@graph"] if entity["@id"] != "Snakefile"]
    assert problems(write(tmp_path / "crate", made), "workflow-ro-crate-1.0", monkeypatch)


def test_every_job_is_an_action_with_its_files_and_every_source_has_terms() -> None:
    made = metadata(study(), GROUPS, COMPANIONS, FILES, JOBS, {"torch": "2", "openai": None})
    entities = {entity["@id"]: entity for entity in made["@graph"]}
    actions = [entity for entity in entities.values() if entity["@type"] == "CreateAction"]
    assert len(actions) == 1 + len(JOBS)
    train = next(action for action in actions if action["name"].startswith("train of"))
    assert [file["@id"] for file in train["result"]] == [f"#{name}" for name in JOBS[1].outputs]
    assert train["object"] == {"@id": "#results/tiny/data/a.jsonl"} and train["startTime"] == JOBS[1].started
    held = entities["#results/tiny/data/a.jsonl"]
    assert held["sha256"] == "c" * 64 and held["isPartOf"] == {"@id": "data.tar"}
    run = entities["#run"]
    assert run["object"] == [{"@id": "config.tar"}, {"@id": "#journal/x"}] and (run["startTime"], run["endTime"]) == (
        JOBS[0].started,
        JOBS[1].ended,
    )
    assert run["agent"] == {"@id": "#agent"} and entities["#agent"]["name"] == "not named"
    named = metadata(study(authors=[{"name": "Doe, Jane"}]), GROUPS, COMPANIONS, FILES, JOBS, {})["@graph"]
    (agent,) = [entity["agent"] for entity in named if entity["@id"] == "#run"]
    assert agent in ({"@id": "#doe-jane"}, [{"@id": "#doe-jane"}])
    terms = {entity["@id"] for entity in entities["data.tar"]["license"]}
    assert {"#terms-dataset-gradeschool", "#terms-teacher-tutor"} <= terms
    assert entities["./"]["datePublished"] == "2026-01-01" and "#software-openai" not in entities


def test_the_same_study_is_the_same_bytes() -> None:
    one, two = (json.dumps(metadata(study(), GROUPS, COMPANIONS, FILES, JOBS, {})) for _ in range(2))
    assert one == two


def record(folder: Path, name: str, **facts: Any) -> None:
    """A record as Snakemake keeps it: its name in base64, cut into folders where it is long."""
    code = urlsafe_b64encode(name.encode()).decode()
    parts = [code[start : start + 40] for start in range(0, len(code), 40)]
    path = folder.joinpath(*(f"@{part}" for part in parts[:-1]), parts[-1])
    path.parent.mkdir(parents=True, exist_ok=True)
    usual = {
        "rule": "score",
        "input": ["b", "a"],
        "log": ["l"],
        "shellcmd": "python  x",
        "starttime": 10.2,
        "endtime": 20.4,
    }
    path.write_text(json.dumps({**usual, "incomplete": False, **facts}), encoding="utf-8")


def test_jobs_are_read_from_snakemakes_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Path(".snakemake/metadata")
    for name in ("one", "two", "gone", "unfinished", "packed"):
        Path("results/tiny").mkdir(parents=True, exist_ok=True)
        if name != "gone":
            Path(f"results/tiny/{name}").touch()
    record(folder, "results/tiny/one")
    record(folder, "results/tiny/two", starttime=9.8, endtime=20.9)
    record(folder, "results/tiny/gone")
    record(folder, "results/tiny/unfinished", incomplete=True)
    record(folder, "results/tiny/packed", rule="archive")
    record(folder, "results/other/one")
    (job,) = finished_jobs("results/tiny")
    assert job.outputs == ("results/tiny/one", "results/tiny/two") and job.inputs == ("a", "b")
    assert (job.started, job.ended, job.command) == ("1970-01-01T00:00:10Z", "1970-01-01T00:00:21Z", "python x")
    assert finished_jobs("results/tiny", Path("nowhere")) == []
    assert len(record_files("results/tiny")) == 2
