"""The seven datasets: whole files in their authors' schema, and the same rows in hub layout through `datasets`."""

import csv
import gzip
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from builders import load_files

from gradus.data.audit import audit
from gradus.data.datasets.catalogue import CATALOGUE
from gradus.data.datasets.sources import load_problems
from gradus.data.leaks import leaks
from gradus.data.text_normalisation import normalised
from gradus.records.vocabulary import Split
from gradus.runtime.errors import UserError
from gradus.study.config.datasets import CatalogueDataset

# Rows, rows without a gold answer, and doubtful golds, per split; the rows are those that the files' authors tell.
EXPECTED = {
    "svamp": ((700, 0, 0), (300, 0, 0)),
    "gsm8k": ((7473, 0, 0), (1319, 0, 0)),
    "aqua": ((6100, 37, 0), (254, 0, 0)),
    "math": ((1297, 0, 73), (500, 0, 0)),
    "csqa": ((9741, 0, 0), (1221, 0, 0)),
    "obqa": ((4957, 0, 0), (500, 0, 0)),
    "strategyqa": ((2000, 0, 0), (290, 0, 0)),
}


SPLITS: tuple[Split, ...] = ("train", "test")


def settings(source: str, **keys: Any) -> CatalogueDataset:
    return CatalogueDataset.model_validate({"source": source, "origin": "files", **keys})


@pytest.mark.parametrize("name", EXPECTED)
def test_the_whole_dataset_is_read(gradus_data: Path, name: str) -> None:
    for split, (rows, without, doubtful) in zip(SPLITS, EXPECTED[name], strict=True):
        loaded = load_files(name, split, gradus_data)
        assert (len(loaded.problems), loaded.without_gold, len(loaded.doubtful_gold)) == (
            rows - without,
            without,
            doubtful,
        )
        assert len({problem.id for problem in loaded.problems}) == len(loaded.problems)
        for problem in loaded.problems:
            problem.check()
            if problem.answer_kind == "choice":
                assert problem.choices and problem.answer in "ABCDE"[: len(problem.choices)]


@pytest.mark.parametrize("name", EXPECTED)
def test_no_test_question_is_in_train(gradus_data: Path, name: str) -> None:
    facts = audit(load_files(name, "train", gradus_data).problems, load_files(name, "test", gradus_data).problems)
    assert facts["test_questions_in_train_normalised"] == []


def test_aqua_letters_are_those_of_the_released_answers(gradus_data: Path) -> None:
    """The released answer-only file was cleaned by other hands: an independent reading of the same golds."""
    path = gradus_data / "released_annotations" / "head300" / "aqua_only_ans.json"
    released = {normalised(row["instruction"]): row["output"].strip() for row in json.loads(path.read_text())}
    compared = Counter[bool]()
    for problem in load_files("aqua", "train", gradus_data).problems:
        choices = " ".join(f"({letter}) {text}" for letter, text in zip("ABCDE", problem.choices or (), strict=True))
        answer = released.get(normalised(f"{problem.question} Answer Choices: {choices}"))
        if answer is not None and re.fullmatch("[A-E]", answer):
            compared[answer == problem.answer] += 1
    assert compared[True] >= 190
    assert compared[False] == 0


def test_math_gold_is_that_of_the_box(gradus_data: Path) -> None:
    loaded = load_files("math", "test", gradus_data)
    text = (gradus_data / "datasets" / "math" / "test.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    assert sum(problem.answer == row["answer"] for problem, row in zip(loaded.problems, rows, strict=True)) >= 498


def test_the_papers_subjects_and_sizes_are_a_choice(gradus_data: Path) -> None:
    subjects = ["Prealgebra", "Counting & Probability", "Number Theory", "Algebra"]
    chosen = load_files("math", "test", gradus_data, subjects=subjects)
    assert len(chosen.problems) == 124 + 82 + 62 + 38
    assert len(load_files("math", "train", gradus_data, subjects=["counting_and_probability"]).problems) == 287
    sampled = load_files("gsm8k", "train", gradus_data, train_size=100, sample_seed=3)
    assert len(sampled.problems) == 100
    assert sampled.problems == load_files("gsm8k", "train", gradus_data, train_size=100, sample_seed=3).problems
    assert sampled.problems != load_files("gsm8k", "train", gradus_data, train_size=100, sample_seed=4).problems


HUB = {
    "svamp": "default",
    "gsm8k": "main",
    "csqa": "default",
    "obqa": "main",
    "strategyqa": "default",
    "math": "algebra",
    "aqua": "raw",
}


@pytest.mark.parametrize("name", HUB)
def test_hub_layout_gives_the_same_problems(gradus_data: Path, tmp_path: Path, name: str, monkeypatch: Any) -> None:
    """A local copy in hub layout, read by `datasets.load_dataset` as a hub dataset is."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    test_split = CATALOGUE[name].splits[1]
    folder = tmp_path / "hub" / HUB[name]
    folder.mkdir(parents=True)
    for split, target in (("train", "train"), ("test", test_split)):
        # AQuA's original training file is not here; its validation file has the same schema.
        taken = "validation" if (name, split) == ("aqua", "train") else split
        source = gradus_data / "datasets" / name / f"{taken}.jsonl"
        packed = source.with_name(source.name + ".gz")
        content = source.read_bytes() if source.exists() else gzip.decompress(packed.read_bytes())
        rows = [json.loads(line) for line in content.splitlines()]
        if name == "math":  # our two local files come from different hands; the hub has the authors' columns only
            rows = [{key: row[key] for key in ("problem", "level", "type", "solution")} for row in rows]
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{target}.jsonl").write_text(lines, encoding="utf-8")
    files = "".join(f"      - {{split: {split}, path: {HUB[name]}/{split}.jsonl}}\n" for split in ("train", test_split))
    card = f"---\nconfigs:\n  - config_name: {HUB[name]}\n    data_files:\n{files}---\n"
    (tmp_path / "hub" / "README.md").write_text(card, encoding="utf-8")
    configurations = [HUB[name]] if CATALOGUE[name].hub_configurations else None
    keys = {"origin": "hub", "hub": str(tmp_path / "hub"), "configurations": configurations}
    for split in SPLITS[1:] if name == "aqua" else SPLITS:
        local, hub = load_files(name, split, gradus_data), load_files(name, split, gradus_data, **keys)
        assert hub.revision.startswith("sha256:")
        if name == "math":  # without `output` and `unique_id`, rows that lost their box have no gold
            assert {p.question for p in hub.problems} <= {p.question for p in local.problems}
            assert len(hub.problems) == {"train": 235, "test": 500}[split]
            continue
        assert [(p.id, p.question, p.answer, p.rationale) for p in hub.problems] == [
            (p.id, p.question, p.answer, p.rationale) for p in local.problems
        ]


def test_a_dataset_that_is_on_no_hub_says_so() -> None:
    with pytest.raises(UserError, match="publish it on no hub"):
        load_problems("strategyqa", settings("strategyqa", origin="hub"), "train", None)


def test_a_row_of_another_schema_names_file_and_line(tmp_path: Path) -> None:
    folder = tmp_path / "datasets" / "gsm8k"
    folder.mkdir(parents=True)
    good = json.dumps({"question": "1 + 1?", "answer": "1+1 = 2\n#### 2"})
    (folder / "train.jsonl").write_text(f'{good}\n{{"question": "2 + 2?"}}\n', encoding="utf-8")
    with pytest.raises(UserError, match=r"train.jsonl:2: not a row of GSM8K: no field 'answer'"):
        load_files("gsm8k", "train", tmp_path)


def test_the_table_of_the_documents_is_true(gradus_data: Path) -> None:
    """docs/reference/datasets.md: the hashes and counts are those of the files."""
    text = (Path(__file__).parents[2] / "docs" / "reference" / "datasets.md").read_text(encoding="utf-8")
    rows = list(csv.reader((line.strip("| ") for line in text.splitlines() if line.startswith("| `")), delimiter="|"))
    seen = {(row[0].strip().strip("`"), row[1].strip()): [cell.strip() for cell in row] for row in rows}
    for name, per_split in EXPECTED.items():
        for split, (count, without, doubtful) in zip(SPLITS, per_split, strict=True):
            cells = seen[name, split]
            assert cells[2:5] == [f"{count:,}", str(without), str(doubtful)]
            assert load_files(name, split, gradus_data).revision.removeprefix("sha256:")[:16] == cells[5].strip("`")


# Test questions that are near copies of a training question, and those with other names and numbers. SVAMP's are variants of
# base problems that its training split has too.
LEAKS = {"svamp": (2, 273), "gsm8k": (1, 25), "aqua": (1, 17), "csqa": (0, 20), "obqa": (2, 26), "strategyqa": (0, 0)}


@pytest.mark.parametrize("name", LEAKS)
def test_few_test_questions_are_instances_of_a_training_question(gradus_data: Path, name: str) -> None:
    found = leaks(*(load_files(name, split, gradus_data).problems for split in ("train", "test")))
    assert (len(found.near), len(found.templated)) == LEAKS[name]


def test_datasets_of_different_authors_share_next_to_nothing(gradus_data: Path) -> None:
    train, test = load_files("svamp", "train", gradus_data).problems, load_files("gsm8k", "test", gradus_data).problems
    assert not leaks(train, test).templated
