"""Pages for committees: every item of both checklists, what records say, and what only the author can."""

import json
from pathlib import Path
from typing import Any

import pytest
from builders import tiny_study

from gradus.archive.artifact import Measured, artifact
from gradus.archive.checklist import acl_items, checklist, neurips_items
from gradus.archive.croissant import croissant
from gradus.archive.finished_jobs import FinishedJob
from gradus.archive.manifest import Tar
from gradus.archive.preview import preview
from gradus.study.config import Study, load
from gradus.study.grid import supervisions

JOB = FinishedJob(
    "table",
    (),
    ("results/tiny/tables/granularity.csv",),
    "2026-01-01T00:00:00Z",
    "2026-01-01T00:01:30Z",
    "python tables.py",
)
SPENT = {"wall_hours": "2.5", "cpu_hours": "3.0", "gpu_hours": "1.25", "usd": "4.20"}
MEASURED = Measured([JOB], {"checkpoints": {"processor": ("A CPU",), "torch": ("2.13.0",)}}, SPENT, {"torch": "2.13.0"})
GROUPS = {name: Tar(f"{name}.tar", 1, 1000, "a" * 64) for name in ("code", "config", "annotations", "training")}
AUDIT: Any = {"dataset": "gradeschool", "train": 24, "test": 10}


def study(**archive: Any) -> Study:
    return load({**tiny_study(), "archive": archive})


def test_the_artifact_page_answers_what_forms_ask() -> None:
    page = artifact(study(authors=[{"name": "Doe, Jane"}]), GROUPS, "c" * 40, MEASURED)
    for told in (
        "none yet",
        "A CPU",
        "torch 2.13.0",
        "1.25 GPU hours",
        "Doe, Jane",
        "c" * 40,
        "make venv",
        "verify.py",
    ):
        assert told in page, told
    rows = {line.split("|")[1].strip(" `"): line for line in page.splitlines() if line.startswith("| `")}
    assert "1.5 minutes" in rows["tables"] and "needs weights" in rows["predictions"]
    measured = Measured([], {}, {}, {}, "10.5281/zenodo.1")
    page = artifact(study(), GROUPS | {"weights": GROUPS["code"]}, None, measured)
    assert "10.5281/zenodo.1" in page and "No record tells" in page and "needs weights" not in page


def test_every_item_of_both_checklists_is_answered_and_nothing_is_made_up() -> None:
    items = acl_items(study(), [AUDIT], MEASURED)
    numbers = [f"A{n}" for n in (1, 2)] + [f"B{n}" for n in range(1, 7)] + [f"C{n}" for n in range(1, 5)]
    assert [item.number for item in items] == [*numbers, *(f"D{n}" for n in range(1, 6)), "E1"]
    assert [item.number for item in neurips_items(study(), MEASURED)] == [str(n) for n in range(1, 17)]
    by_number = {item.number: item for item in items}
    assert by_number["A2"].answer == "The author's to answer"
    assert "24 train, 10 test" in by_number["B6"].answer and "1.25 GPU hours" in by_number["C1"].answer
    assert "One run gives no verdict" in by_number["C3"].answer
    assert by_number["D3"].answer.startswith("Not applicable")
    assert all(item.proof for item in items if item.answer.startswith("Yes"))
    page = checklist(study(), [AUDIT], MEASURED)
    assert "aclrollingreview.org" in page and "neurips.cc" in page


def test_models_and_datasets_of_others_are_named() -> None:
    config = tiny_study()
    config["datasets"]["svamp"] = {"source": "svamp"}
    config["teachers"]["writer"] = {"provider": "openai", "model": "m-1"}
    items = {item.number: item.answer for item in acl_items(load(config), [AUDIT], MEASURED)}
    assert "Patel" in items["B1"] and "svamp" in items["B4"] and "m-1 (teacher writer)" in items["E1"]


def test_croissant_names_each_file_of_the_annotations() -> None:
    made = croissant(study(licence="CC-BY-4.0"), GROUPS, [JOB], "10.5281/zenodo.1")
    tar, *files = made["distribution"]
    assert tar["contentUrl"] == "annotations.tar" and tar["sha256"] == "a" * 64
    chosen = supervisions(study())
    assert [one["contentUrl"] for one in files] == [f"results/tiny/annotations/{one}.jsonl" for one in chosen]
    assert {field["source"]["fileObject"]["@id"] for one in made["recordSet"] for field in one["field"]} == {
        one["@id"] for one in files
    }
    assert made["license"].endswith("CC-BY-4.0") and made["rai:personalSensitiveInformation"].startswith("none")


def test_croissant_is_valid_and_loads_without_a_network(tmp_path: Path) -> None:
    mlcroissant = pytest.importorskip("mlcroissant", reason="mlcroissant is not installed")
    from gradus.archive.tarball import Member, build
    from gradus.runtime.atomic import sha256_file

    chosen = supervisions(study())
    row = {"problem_id": "p", "sample": 0, "dataset": "d", "teacher": "t", "format": "original", "level": "L1"}
    row |= {"rationale": "So.", "answer": "3", "verdict": "agrees", "model": "m", "finish_reason": "stop"}
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    tar = tmp_path / "annotations.tar"
    build([Member(f"results/tiny/annotations/{one}.jsonl", path) for one in chosen], tar)
    groups = {"annotations": Tar(tar.name, len(chosen), tar.stat().st_size, sha256_file(tar))}
    made = croissant(study(licence="CC-BY-4.0", authors=[{"name": "Doe, Jane"}]), groups, [JOB], None)
    (tmp_path / "croissant.json").write_text(json.dumps(made), encoding="utf-8")
    dataset = mlcroissant.Dataset(jsonld=str(tmp_path / "croissant.json"))
    (record,) = list(dataset.records(str(chosen[0])))
    assert record[f"{chosen[0]}/rationale"] == b"So."


def test_the_preview_shows_study_run_and_files_and_loads_nothing() -> None:
    entities = [
        {
            "@id": "./",
            "name": "A <study>",
            "description": "d",
            "hasPart": [{"@id": "code.tar"}],
            "datePublished": "2026-01-01",
        },
        {"@id": "code.tar", "name": "code.tar", "contentSize": "12", "description": "files"},
        {"@id": "#agent", "name": "not named"},
        {"@id": "#run", "startTime": "a", "endTime": "b", "agent": {"@id": "#agent"}},
        {"@id": "#job-0", "name": "train of x"},
        {"@id": "#software-torch", "name": "torch", "softwareVersion": "2.13.0"},
    ]
    page = preview({"@graph": entities})
    for told in ("A &lt;study&gt;", "code.tar", "by not named", "<td>train</td>", "torch: 2.13.0"):
        assert told in page, told
    assert "http" not in page.replace("http-equiv", "")
