"""A plan counts the rows of local files, and says which sizes it assumed."""

import gzip
from pathlib import Path
from typing import Any

import pytest
from builders import tiny_study

from gradus.planning.inputs import PlanInputs
from gradus.planning.plan import plan
from gradus.results.store import Results
from gradus.runtime.atomic import write_json
from gradus.study import paths
from gradus.study.config import load
from gradus.teachers.prompts.prompting import Prompts


def inputs(root: Path, **section: Any) -> PlanInputs:
    config = tiny_study()
    config["datasets"] = {"gradeschool": {"source": "gsm8k", **section}}
    return PlanInputs(Results(root, load(config)), Prompts(root), root / "prices.yaml")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GRADUS_DATA", raising=False)


def test_rows_of_a_folder_in_hub_layout_are_counted(tmp_path: Path) -> None:
    (tmp_path / "data/mine").mkdir(parents=True)
    (tmp_path / "data/mine/train.jsonl").write_text('{"a": 1}\n' * 24, encoding="utf-8")
    with gzip.open(tmp_path / "data/mine/test.jsonl.gz", "wt") as stream:
        stream.write('{"a": 1}\n' * 8)
    found = inputs(tmp_path, hub="data/mine")
    assert (found.problems("gradeschool", "train"), found.problems("gradeschool", "test")) == (24, 8)
    assert not found.assumed_sizes
    limited = inputs(tmp_path, hub="data/mine", train_size=10)
    assert limited.problems("gradeschool", "train") == 10


def test_local_files_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "files/datasets/gsm8k").mkdir(parents=True)
    (tmp_path / "files/datasets/gsm8k/train.jsonl").write_text('{"a": 1}\n' * 5, encoding="utf-8")
    monkeypatch.setenv("GRADUS_DATA", str(tmp_path / "files"))
    assert inputs(tmp_path, origin="files").problems("gradeschool", "train") == 5


def test_what_cannot_be_counted_is_told_as_assumed(tmp_path: Path) -> None:
    found = inputs(tmp_path, hub="data/mine")
    told = plan(found, {}, []).to_markdown()
    assert "ASSUMED" in told and "- gradeschool train: 7,473 problems, as GSM8K has: data/mine is not here" in told
    write_json(found.results.path(paths.PROBLEMS.manifest, dataset="gradeschool", split="train"), {"rows": 24})
    again = inputs(tmp_path, hub="data/mine")
    assert list(again.assumed_sizes) == ["gradeschool test"]


def test_the_source_itself_is_known(tmp_path: Path) -> None:
    assert not inputs(tmp_path).assumed_sizes
    assert inputs(tmp_path, train_split="validation").assumed_sizes


def test_rows_of_a_table_are_counted_per_split(tmp_path: Path) -> None:
    (tmp_path / "all.csv").write_text("q,a,side\n" + "1?,1,x\n" * 6 + "2?,2,y\n" * 4, encoding="utf-8")
    config = tiny_study()
    entry = {"source": "columns", "path": "all.csv", "question": "q", "answer": "a", "kind": "number"}
    for splits, expected in (({"field": "side", "train": "x", "test": "y"}, (6, 4)), ({"test_share": 0.2}, (8, 2))):
        config["datasets"] = {"gradeschool": {**entry, "splits": splits}}
        found = PlanInputs(Results(tmp_path, load(config)), Prompts(tmp_path), tmp_path / "prices.yaml")
        assert (found.problems("gradeschool", "train"), found.problems("gradeschool", "test")) == expected
        assert not found.assumed_sizes
    config["datasets"]["gradeschool"]["splits"] = {"field": "seite"}  # the plan ended in a traceback
    told = PlanInputs(Results(tmp_path, load(config)), Prompts(tmp_path), tmp_path / "prices.yaml").assumed_sizes
    assert told["gradeschool test"].endswith("all.csv:2: no field 'seite' (there is q, a, side)")
    config["datasets"]["gradeschool"] |= {"question": "quest", "splits": {"test_share": 0.2}}
    told = PlanInputs(Results(tmp_path, load(config)), Prompts(tmp_path), tmp_path / "prices.yaml").assumed_sizes
    assert told["gradeschool train"].endswith("cannot be counted: all.csv:2: no field 'quest' (there is q, a, side)")
    (tmp_path / "all.csv").unlink()
    told = PlanInputs(Results(tmp_path, load(config)), Prompts(tmp_path), tmp_path / "prices.yaml").assumed_sizes
    assert told["gradeschool train"].startswith("1,000 problems, all.csv cannot be counted: all.csv: no such file or")
