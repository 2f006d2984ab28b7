"""Comparison of two studies: equals do not differ, what differs is found, and nothing is compared that cannot be."""

from __future__ import annotations

import copy
import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from made_study import made_config, make_study
from running import program

from gradus.presentation.comparison import compare, to_csv, to_markdown
from gradus.records import Cell
from gradus.runtime.errors import UserError


def config(name: str) -> dict[str, Any]:
    made = made_config()
    made["study"] = name
    made["experiments"] = {"granularity": {**made["experiments"]["granularity"], "levels": ["L1", "L3", "L5"]}}
    made["teacher_accuracy"] = {}
    return made


def truth(cell: Cell) -> float:
    return 0.5


def better(cell: Cell) -> float:
    return 0.8 if (cell.student, cell.supervision.level) == ("small", "L3") else 0.5


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`other` differs from `made` in one student and level, `few` has fewer levels, `elsewhere` other problems."""
    folder = tmp_path_factory.mktemp("compared")
    make_study(folder, config("made"), truth, lambda _: 0.9)
    make_study(folder, config("other"), better, lambda _: 0.9)
    few = config("few")
    few["experiments"]["granularity"] |= {"levels": ["L3"], "students": ["small"]}
    make_study(folder, few, better, lambda _: 0.9)
    elsewhere = copy.deepcopy(config("elsewhere"))
    for dataset in elsewhere["datasets"].values():
        dataset["test"] = 300
    make_study(folder, elsewhere, truth, lambda _: 0.9)
    nothing = config("nothing")
    nothing["students"] = {"tiny": nothing["students"]["small"]}
    nothing["transforms"] = {}
    nothing["experiments"]["granularity"]["students"] = ["tiny"]
    make_study(folder, nothing, truth, lambda _: 0.9)
    return folder / "results"


def test_a_study_does_not_differ_from_itself(folder: Path) -> None:
    pairs = compare(folder / "made", folder / "made")
    assert len(pairs) == 2 * 3 * 3
    assert all(pair.difference.estimate == 0 and not pair.difference.excludes_zero for pair in pairs)


def test_what_differs_is_found_and_signed(folder: Path) -> None:
    pairs = compare(folder / "made", folder / "other")
    apart = {
        (pair.supervision.level, pair.student)
        for pair in pairs
        if pair.difference.excludes_zero and pair.difference.estimate > 0.2
    }
    assert apart == {("L3", "small")}
    turned = compare(folder / "other", folder / "made")
    for one, two in zip(pairs, turned, strict=True):
        assert one.difference.estimate == pytest.approx(-two.difference.estimate)
        assert one.difference.interval().low == pytest.approx(-two.difference.interval().high)
    assert {pair.difference.reach for pair in pairs} == {"conditions"}


def test_only_what_both_have_is_compared(folder: Path) -> None:
    pairs = compare(folder / "made", folder / "few")
    assert {(pair.supervision.level, pair.student) for pair in pairs} == {("L3", "small")} and len(pairs) == 2
    rows = list(csv.DictReader(io.StringIO(to_csv(pairs))))
    assert [row["supervision"] for row in rows] == ["tutor/original/L3"] * 2
    assert rows[0]["differs"] == "true" and float(rows[0]["second"]) > float(rows[0]["first"])
    assert "2 supervisions and students are in both" in to_markdown(pairs, "made", "few")


def test_what_cannot_be_compared_is_refused(folder: Path) -> None:
    for other, words in (("elsewhere", "not the same in both"), ("nothing", "no scored cell in common")):
        with pytest.raises(UserError, match=words):
            compare(folder / "made", folder / other)
    with pytest.raises(UserError, match="holds no study"):
        compare(folder / "made", folder / "made" / "data")


def test_a_study_without_scores_is_named(folder: Path, tmp_path: Path) -> None:
    """Its name was said to have nothing in common with the other one's."""
    (tmp_path / "results" / "made").mkdir(parents=True)
    copy = tmp_path / "results" / "made" / "study.json"
    copy.write_bytes((folder / "made" / "study.json").read_bytes())
    with pytest.raises(UserError) as caught:
        compare(folder / "other", copy.parent)
    assert str(caught.value).startswith(f"{copy.parent}: no cell of the study is scored yet")


def test_the_program_prints_and_writes(folder: Path, tmp_path: Path) -> None:
    done = program("compare", folder / "made", folder / "other", "--output", tmp_path / "pairs.csv", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "| made (runs) | other (runs) |" in done.stdout
    assert len(list(csv.DictReader((tmp_path / "pairs.csv").open(encoding="utf-8")))) == 18
    (folder / "few" / "study.json").write_text(json.dumps({"study": "few"}), encoding="utf-8")
    broken = program("compare", folder / "made", folder / "few", folder=tmp_path)
    assert broken.returncode == 1 and "Traceback" not in broken.stderr
