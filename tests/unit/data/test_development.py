"""The development split: taken from training problems before anything else, and never on two sides."""

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import problem, tiny_study
from pydantic import TypeAdapter

from gradus.data.audit import audit_development
from gradus.data.datasets.development import side
from gradus.data.datasets.sources import load_problems
from gradus.data.text_normalisation import normalised
from gradus.records import Problem
from gradus.records.vocabulary import Split
from gradus.runtime.errors import UserError
from gradus.study.config import load
from gradus.study.config.datasets import CatalogueDataset, Dataset, Development, GradeschoolDataset, for_split
from gradus.study.grid import cells, metrics_files, problem_sets, splits
from gradus.workflow.options import as_json

TENTH = {"share": 0.1, "seed": 1}


def made(**keys: Any) -> GradeschoolDataset:
    return GradeschoolDataset.model_validate({"source": "gradeschool", "seed": 5, "train": 400, "test": 40, **keys})


def structures(problems: list[Problem]) -> set[tuple[str, ...]]:
    return {tuple((problem.solution or {})["structure"]) for problem in problems}


def test_generated_problems_are_split_by_structure() -> None:
    train, development, test = (
        load_problems("g", made(development=TENTH), split, None).problems for split in ("train", "development", "test")
    )
    assert len(train) + len(development) == 400 and 28 <= len(development) <= 40
    sides = [structures(problems) for problems in (train, development, test)]
    assert not sides[0] & sides[1] and not sides[1] & sides[2] and not sides[0] & sides[2]
    steps = {len((problem.solution or {})["steps"]) for problem in development}
    assert steps == {2, 3, 4, 5}, "as hard as the others"
    assert {problem.split for problem in development} == {"development"}
    whole = load_problems("g", made(), "train", None).problems
    assert {problem.id for problem in train + development} == {problem.id for problem in whole}
    assert test == load_problems("g", made(), "test", None).problems, "the test split is what it was"
    assert audit_development(train, development)["structures_shared_with_development"] == 0


def test_another_seed_takes_others() -> None:
    one, other = (
        {
            problem.id
            for problem in load_problems(
                "g", made(development={"share": 0.1, "seed": seed}), "development", None
            ).problems
        }
        for seed in (1, 2)
    )
    assert one != other


@pytest.fixture
def svamp(tmp_path: Path) -> Path:
    folder = tmp_path / "datasets" / "svamp"
    folder.mkdir(parents=True)
    for split, count in (("train", 50), ("test", 5)):
        rows = [
            {
                "ID": f"chal-{split}-{number}",
                "Body": f"Body {number // 2 if split == 'train' else number}",
                "Question": "How many?",
                "Equation": "( 1 + 1 )",
                "Answer": "2.0",
            }
            for number in range(count)
        ]
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return tmp_path


def loaded(folder: Path, split: Any, **keys: Any) -> list[Problem]:
    section = CatalogueDataset.model_validate({"source": "svamp", "origin": "files", **keys})
    return load_problems("svamp", section, split, folder).problems


def test_the_same_question_is_never_on_two_sides(svamp: Path) -> None:
    train, development = (loaded(svamp, split, development={"share": 0.2}) for split in ("train", "development"))
    assert (len(train), len(development)) == (40, 10)
    asked = {normalised(one.full_text) for one in development}
    assert not asked & {normalised(one.full_text) for one in train} and len(asked) == 5, "all are there twice"
    assert audit_development(train, development)["development_questions_in_train_normalised"] == []


@pytest.mark.parametrize("seed", [None, 3])
def test_a_limited_training_split_never_meets_development(svamp: Path, seed: int | None) -> None:
    keys = {"development": {"share": 0.2}, "train_size": 15, "sample_seed": seed}
    train, development = (loaded(svamp, split, **keys) for split in ("train", "development"))
    assert (len(train), len(development)) == (15, 10)
    assert not {one.id for one in train} & {one.id for one in development}
    assert development == loaded(svamp, "development", development={"share": 0.2}), "a limit changes train alone"


def test_a_side_without_problems_is_an_error() -> None:
    def question(one: Problem) -> str:
        return one.question

    settings = Development(share=0.5)
    with pytest.raises(UserError, match="leaves no problem for development"):
        side([problem("a"), problem("b")], "development", settings, question)
    with pytest.raises(UserError, match="dataset g: has no development split"):
        load_problems("g", made(), "development", None)
    with pytest.raises(ValueError, match="leave out one of both"):
        made(development=TENTH, split="development")


def test_a_dataset_without_the_key_keeps_its_identity() -> None:
    expected = '{"seed":5,"source":"gradeschool","split":"test","steps":[2,3,4,5],"test":40,"train":400}'
    assert as_json(made()) == expected


def test_cells_are_scored_on_development_where_there_is_one() -> None:
    config = tiny_study()
    study = load(config)
    assert problem_sets(study) == ["test"] and splits(study, "gradeschool") == ["train", "test"]
    config["datasets"]["gradeschool"]["development"] = TENTH
    study = load(config)
    assert problem_sets(study) == ["test", "development"] and splits(study, "gradeschool")[1] == "development"
    files = metrics_files(study, cells(study)[:1])
    cell = "results/tiny/metrics/gradeschool/tutor/original/L1/mini/seed1"
    assert files == [f"{cell}/test/greedy.json", f"{cell}/development/greedy.json"]


@pytest.mark.parametrize(("count", "share"), [(24, 0.1), (10, 0.1), (46, 0.25), (400, 0.1)])
def test_the_share_is_of_all_problems(count: int, share: float) -> None:
    """Four numbers of steps: of each its own share, rounded, made 17 % of 24 problems where 10 % were asked for."""
    rows = [replace(problem(str(number)), question=f"q {number}") for number in range(count)]
    found = side(rows, "development", Development(share=share), lambda one: one.id, lambda one: str(int(one.id) % 4))
    assert len(found) == round(share * count)


def test_a_nested_sample_is_a_part_of_every_larger_one(svamp: Path) -> None:
    keys = {"sample_seed": 3, "sample": "nested"}
    sets = [{one.id for one in loaded(svamp, "train", train_size=size, **keys)} for size in (5, 15, 49)]
    assert sets[0] < sets[1] < sets[2] and [len(one) for one in sets] == [5, 15, 49]
    anew = [one.id for one in loaded(svamp, "train", train_size=15, sample_seed=3)]
    drawn = sorted(random.Random("subset/3").sample(range(50), 15))
    assert anew == [f"chal-train-{number}" for number in drawn], "as it was before there was a choice"
    section = CatalogueDataset.model_validate({"source": "svamp", "train_size": 5, "sample_seed": 3})
    assert '"sample"' not in as_json(section)


COLUMNS = {"source": "columns", "path": "d", "question": "q", "answer": "a", "kind": "number"}


@pytest.mark.parametrize(
    ("section", "change", "concerned"),
    [
        ({"source": "gradeschool", "seed": 1, "train": 20, "test": 9}, {"test": 10}, {"test"}),
        ({"source": "gradeschool", "seed": 1, "train": 20, "test": 9}, {"train": 21}, {"train", "development"}),
        ({"source": "gradeschool", "seed": 1, "train": 20, "test": 9}, {"train_size": 8}, {"train"}),
        ({"source": "gradeschool", "seed": 1, "train": 20, "test": 9}, {"seed": 2}, {"train", "development", "test"}),
        ({"source": "svamp"}, {"test_size": 8}, {"test"}),
        ({"source": "svamp", "sample_seed": 1}, {"train_size": 8}, {"train"}),
        ({"source": "svamp", "train_size": 8}, {"sample_seed": 1}, {"train"}),
        ({"source": "svamp"}, {"train_split": "other"}, {"train", "development"}),
        ({"source": "svamp"}, {"revision": "abc"}, {"train", "development", "test"}),
        (COLUMNS, {"test_size": 8}, {"test"}),
        (COLUMNS, {"splits": {"test": "held-out"}}, {"test"}),
        (COLUMNS, {"splits": {"train": "rest"}}, {"train", "development"}),
        (COLUMNS, {"splits": {"test_share": 0.2}}, {"train", "development", "test"}),
        (
            {**COLUMNS, "splits": {"test_share": 0.2}},
            {"splits": {"test_share": 0.2, "train": "all"}},
            {"train", "development", "test"},
        ),
        (COLUMNS, {"development": {"share": 0.2}}, {"train", "development"}),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_a_key_concerns_the_splits_that_it_decides(
    section: dict[str, Any], change: dict[str, Any], concerned: set[Split]
) -> None:
    read = TypeAdapter(Dataset).validate_python
    before, after = read(section), read({**section, **change})
    splits: tuple[Split, ...] = ("train", "development", "test")
    assert {one for one in splits if for_split(before, one) != for_split(after, one)} == concerned
    for one in splits:
        assert read(for_split(after, one).model_dump()) == for_split(after, one), "the job reads what it is given"
