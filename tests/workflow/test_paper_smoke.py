"""The rehearsal of the paper's study: what it covers, and that it runs whole on real problems and real architectures."""

import csv
import json
import zipfile
from pathlib import Path

import pytest
import yaml
from documents import undocumented_fields
from running import PROJECT, Workflow, program

from gradus.presentation.exhibits.conditions import wanted
from gradus.study.config import Study, load
from gradus.study.grid import cells, is_untaught
from gradus.workflow.targets import everything


def study_file(name: str) -> dict[str, object]:
    content: dict[str, object] = yaml.safe_load((PROJECT / "studies" / f"{name}.yaml").read_text(encoding="utf-8"))
    return content


def values(study: Study, axis: str) -> set[str]:
    return {str(cell.wildcards()[axis]).removeprefix("released-") for cell in cells(study)}


def test_it_covers_the_papers_grid_in_thirty_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRADUS_DATA", raising=False)
    smoke, paper = load(study_file("paper-smoke")), load(study_file("paper"))
    assert len(cells(smoke)) <= 30
    for axis in ("dataset", "teacher", "format", "level", "student"):
        assert values(smoke, axis) == values(paper, axis), axis
    assert values(smoke, "level") == {"L1", "L2", "L3", "L4", "L5", "L6", "native"}
    assert values(smoke, "teacher") == {"gpt-4o", "gemini-1.5-flash", "llama-3-70b", "human", "gold", "none"}
    assert len(values(smoke, "student")) == len(values(smoke, "dataset")) == 7


@pytest.fixture(scope="module")
def smoke(gradus_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    """The rehearsal, run to the end once."""
    folder = tmp_path_factory.mktemp("smoke")
    done = program("tiny_students", "tiny_students", folder=folder)
    assert done.returncode == 0, done.stderr
    made = Workflow(folder, study_file("paper-smoke"))
    made.run()
    return made


@pytest.mark.full
def test_every_cell_was_trained_and_scored(smoke: Workflow) -> None:
    study = load(smoke.config)
    for target in everything(study):
        assert (smoke.folder / target).stat().st_size > 0, target
    architectures = set()
    for cell in cells(study):
        metrics = json.loads((smoke.results / f"metrics/{cell}/test/greedy.json").read_text(encoding="utf-8"))
        assert metrics["n"] == 8
        if is_untaught(cell.supervision):
            continue
        assert metrics["training_examples"] > 0
        weights = smoke.results / f"checkpoints/{cell}/weights"
        architectures.add(json.loads((weights / "config.json").read_text(encoding="utf-8"))["architectures"][0])
    assert architectures == {"BloomForCausalLM", "GemmaForCausalLM", "LlamaForCausalLM"}


@pytest.mark.full
def test_excerpts_are_marked_wherever_they_are_shown(smoke: Workflow) -> None:
    with open(smoke.results / "paper" / "grid.csv", encoding="utf-8", newline="") as stream:
        marked = {row["dataset"] for row in csv.DictReader(stream) if "excerpt" in row["marks"]}
    assert {"math", "obqa", "aqua", "csqa", "gsm8k"} == marked
    assert "§" in (smoke.results / "tables" / "datasets.md").read_text(encoding="utf-8")


@pytest.mark.full
def test_the_paper_stands_beside_it(smoke: Workflow) -> None:
    assert wanted(load(smoke.config)) == [
        "table-1", "table-2", "table-3", "table-10", "figure-2", "figure-5", "figure-6", "figure-13", "grid",
    ]  # fmt: skip
    text = (smoke.results / "paper" / "table-3.md").read_text(encoding="utf-8")
    with open(smoke.results / "paper" / "table-3.csv", encoding="utf-8", newline="") as stream:
        printed = [row for row in csv.DictReader(stream) if row["published"]]
    apart = sum(row["differs"] == "true" for row in printed)
    assert printed and text.count("| accuracy |") == len(printed)
    assert f"{len(printed)} of these numbers are printed in the paper too" in text
    assert f"{apart} of {len(printed)} differ by more than both are uncertain" in " ".join(text.split())


@pytest.mark.full
def test_the_report_tells_cells_apart_by_their_axes(smoke: Workflow) -> None:
    with zipfile.ZipFile(smoke.results / "report" / "report.zip") as archive:
        page = archive.read("report/report.html").decode("utf-8")
    for cell in cells(load(smoke.config)):
        supervision = cell.supervision
        labels = {
            "dataset": supervision.dataset,
            "teacher": supervision.teacher,
            "format": supervision.format,
            "level": supervision.level,
        }
        found = ", ".join(f'"{key}": "{value}"' for key, value in labels.items())
        assert found in page, found
    assert "explorer.html" in page and "figure-2.svg" in page


@pytest.mark.full
def test_every_field_is_documented(smoke: Workflow) -> None:
    assert undocumented_fields(smoke.results) == set()


@pytest.mark.full
def test_nothing_is_left_to_do(smoke: Workflow) -> None:
    assert smoke.jobs() == {}
