"""The page about a dataset of one's own: its table and its lines of YAML are a dataset, and editing the table counts."""

import json
import re
from collections.abc import Callable

import yaml
from builders import tiny_study
from running import PROJECT, Workflow

from gradus.records import Problem
from gradus.runtime.jsonl import read_records

PAGE = (PROJECT / "docs" / "howto" / "own-dataset.md").read_text(encoding="utf-8")
TABLE = re.findall(r"^```text\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)[0]
ENTRY = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)[0]


def test_a_table_is_a_dataset_and_an_edited_cell_is_made_again(workflow: Callable[..., Workflow]) -> None:
    assert len(ENTRY.splitlines()) == 1 + 8
    config = tiny_study("shop")
    config["datasets"] = yaml.safe_load(ENTRY)["datasets"]
    config["experiments"]["granularity"] |= {"datasets": ["shop"], "teachers": ["gold"], "formats": ["answer-only"]}
    config["experiments"]["granularity"] |= {"levels": ["native"], "baselines": []}
    made = workflow(config)
    (made.folder / "data").mkdir()
    table = made.folder / "data" / "shop.csv"
    table.write_text(TABLE, encoding="utf-8")
    targets = [f"results/shop/data/shop/{split}.jsonl" for split in ("train", "test")]
    answers = "results/shop/annotations/shop/gold/answer-only/native.jsonl"
    made.run(*targets, answers)
    train, test = (read_records(made.folder / target, Problem) for target in targets)
    assert (len(train), len(test)) == (6, 2)
    assert {one.question for one in train} | {one.question for one in test} == {
        f"{row[1]} {row[2]}" for row in (line.split(",") for line in TABLE.splitlines()[1:])
    }
    assert all(len(one.choices or ()) == 3 and one.source == "file shop.csv, licence not stated" for one in train)
    table.touch()
    assert made.jobs(*targets, answers) == {}
    table.write_text(TABLE.replace("5,6,7,B", "5,6,7,C"), encoding="utf-8")
    assert made.jobs(*targets, answers) == {"data": 2, "annotate": 1}
    facts = json.loads((made.results / "data" / "shop" / "train.manifest.json").read_text(encoding="utf-8"))
    assert facts["revision"] == train[0].revision
