"""The table of partial rebuilds: what one edit of a finished study makes due, no job fewer and none more.

Nothing runs: Snakemake is asked in this process. Rows that need another copy of the code are in test_reruns.py.
"""

import copy
import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rule_objects import due_rules
from running import Workflow

Edit = Callable[[dict[str, Any], Path], None]

CELLS_OF_ONE = {"train": 2, "generate": 2, "score": 2}
ALL_CELLS = {"train": 4, "generate": 4, "score": 4}
WRITTEN_AGAIN = {"generate": 4, "score": 4}
ONE_LEVEL = {"annotate": 1, "training_set": 2, **CELLS_OF_ONE}
ONE_STUDENT = {"student": 1, "training_set": 2, **CELLS_OF_ONE}
# What tables and pages only show follows from any of these.
EXPENSIVE = {"data", "leak_check", "student", "annotate", "training_set", "train", "generate", "score"}


@pytest.fixture(scope="module")
def kept(finished: Workflow, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the finished study that is only looked at; a row that changes files has one of its own."""
    folder = tmp_path_factory.mktemp("kept") / "study"
    shutil.copytree(finished.folder, folder, symlinks=True)
    return folder


def due(config: dict[str, Any], folder: Path) -> dict[str, int]:
    return {rule: count for rule, count in due_rules(config, folder).items() if rule in EXPENSIVE}


def set_key(*path: Any) -> Edit:
    """Set a key of the study file; the last value is the key's."""
    *keys, last, value = path

    def edit(config: dict[str, Any], _: Path) -> None:
        section = config
        for key in keys:
            section = section[key]
        section[last] = value

    return edit


def remove_a_student(config: dict[str, Any], _: Path) -> None:
    config["experiments"]["granularity"]["students"] = ["mini"]


def turn_students_around(config: dict[str, Any], _: Path) -> None:
    config["students"] = dict(reversed(config["students"].items()))
    config["experiments"]["granularity"]["students"] = ["midi", "mini"]


def add_a_decoding(config: dict[str, Any], _: Path) -> None:
    config["decodings"]["longer"] = {"max_new_tokens": 16, "batch_size": 4}


def give_its_corpus_another_seed(config: dict[str, Any], _: Path) -> None:
    config["students"]["mini"]["corpus"] = {**config["students"]["mini"]["corpus"], "seed": 4}


def save_more_seldom(config: dict[str, Any], _: Path) -> None:
    config["recipe"]["save_every"] = 5
    for student in config["students"].values():
        student["warm_up"] = {**student["warm_up"], "save_every": 5}


def change_test_and_rate(config: dict[str, Any], _: Path) -> None:
    """The one hides nothing of the other."""
    config["datasets"]["gradeschool"]["test"] = 12
    config["students"]["midi"]["recipe"]["learning_rate"] = 0.003


GRANULARITY = ("experiments", "granularity")
ROWS: dict[str, tuple[Edit, dict[str, int]]] = {
    "nothing": (lambda config, folder: None, {}),
    "a title": (set_key(*GRANULARITY, "question", "How fine, really?"), {}),
    "another order of students": (turn_students_around, {}),
    "a student less": (remove_a_student, {}),
    "how often progress is saved": (save_more_seldom, {}),
    "the rate of one student": (set_key("students", "midi", "recipe", "learning_rate", 0.003), CELLS_OF_ONE),
    "the rate of the other": (set_key("recipe", "learning_rate", 0.003), CELLS_OF_ONE),
    "a key of all recipes": (set_key("recipe", "epochs", 2.0), ALL_CELLS),
    "a key that only rounds": (set_key("recipe", "ranks", 1), ALL_CELLS),
    "a level more": (set_key(*GRANULARITY, "levels", ["L1", "L4"]), ONE_LEVEL),
    "a seed more": (set_key(*GRANULARITY, "seeds", [1, 2]), ALL_CELLS),
    "the teacher's seed": (set_key("teachers", "tutor", "seed", 1), ONE_LEVEL),
    "which verdicts are taught": (
        set_key("verdict_policy", {"disagrees": "keep"}),
        {"training_set": 4, **ALL_CELLS},
    ),
    "what a student read before": (give_its_corpus_another_seed, ONE_STUDENT),
    "longer texts": (set_key("decodings", "greedy", "max_new_tokens", 16), WRITTEN_AGAIN),
    "texts a pass": (set_key("decodings", "greedy", "batch_size", 5), WRITTEN_AGAIN),
    "a second decoding": (add_a_decoding, WRITTEN_AGAIN),
    "more test problems": (
        set_key("datasets", "gradeschool", "test", 12),
        {"data": 1, "leak_check": 1, **WRITTEN_AGAIN},
    ),
    "more test problems and a rate": (
        change_test_and_rate,
        {"data": 1, "leak_check": 1, **WRITTEN_AGAIN, "train": 2},
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_an_edit_makes_due_what_it_decides(finished: Workflow, kept: Path, row: str) -> None:
    edit, expected = ROWS[row]
    config = copy.deepcopy(finished.config)
    edit(config, kept)
    assert due(config, kept) == expected


def test_times_decide_nothing(copied: Workflow) -> None:
    """Small files of a year to come, as a clock that went wrong leaves them."""
    for path in copied.results.rglob("*.manifest.json"):
        os.utime(path, (1893456000, 1893456000))
    assert due(copied.config, copied.folder) == {}


def test_rules_with_comments_and_other_requests_make_nothing_due(copied: Workflow, project_copy: Path) -> None:
    for path in (project_copy / "rules").glob("*.smk"):
        text = path.read_text(encoding="utf-8").replace("mem_mb=2000", "mem_mb=3000")
        path.write_text("# A comment.\n" + re.sub(r"runtime=30\b", "runtime=45", text), encoding="utf-8")
    assert not due_rules(copied.config, copied.folder, project_copy / "Snakefile")


def test_weights_are_needed_for_a_new_decoding(copied: Workflow) -> None:
    for path in copied.results.glob("checkpoints/**/weights"):
        shutil.rmtree(path)
    assert due(copied.config, copied.folder) == {}
    copied.config["decodings"]["greedy"]["max_new_tokens"] = 16
    assert due(copied.config, copied.folder) == ALL_CELLS


def test_a_row_changed_by_hand_makes_nothing_due(copied: Workflow) -> None:
    """It is refused where it is read next, and by the archive (tests/unit/archive)."""
    path = copied.results / "data/gradeschool/train.jsonl"
    first, *rest = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([json.dumps({**json.loads(first), "answer": "1234567"}), *rest]) + "\n", encoding="utf-8")
    assert due(copied.config, copied.folder) == {}
