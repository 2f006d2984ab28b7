"""Why a cell has no number: a job failed, of the cell itself or of anything it is made from, or nothing has run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from made_study import made_config

from gradus.records import Cell, Supervision
from gradus.results.presence import Presence, error_in, presence
from gradus.results.store import Results
from gradus.study.config import load

PADDED = Cell(Supervision("sums", "asked", "padded-to-L5", "L1"), "small", 1)
REWRITE = Cell(Supervision("sums", "asked", "symbolic", "L3"), "small", 2)


@pytest.fixture
def results(tmp_path: Path) -> Results:
    """Nothing has run yet; a remote teacher, asked by batch, writes originals, rewrites and what is padded."""
    config: dict[str, Any] = made_config()
    config["teachers"]["asked"] = {"provider": "openai", "model": "m", "mode": "batch"}
    config["transforms"]["padded-to-L5"]["tokenizer"] = "large"
    for experiment in config["experiments"].values():
        experiment["teachers"] = [name.replace("tutor", "asked") for name in experiment["teachers"]]
        experiment["baselines"] = [name.replace("tutor", "asked") for name in experiment.get("baselines", [])]
    return Results(tmp_path, load(config, "made"))


def write(results: Results, name: str, text: str) -> None:
    path = results.root / "results" / "made" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("cell", "output"),
    [
        (cell, output)
        for cell in (PADDED, REWRITE)
        for output in (
            f"metrics/{cell}/test/greedy.json",
            f"predictions/{cell}/test/greedy.jsonl",
            f"checkpoints/{cell}",
            f"training_sets/{cell.supervision}/small.jsonl",
            f"annotations/{cell.supervision}.jsonl",
            "students/small",
            "data/sums/train.jsonl",
            "data/sums/test.jsonl",
            "exemplars/sums/asked/original.json",
        )
    ]
    + [
        (PADDED, "students/large"),
        *((PADDED, f"annotations/sums/asked/original/{level}.jsonl") for level in ("L1", "L5")),
        (PADDED, "batches/sums/asked/original/L5.collect.json"),
        (REWRITE, "annotations/sums/asked/original/L3.jsonl"),
        (REWRITE, "exemplars/sums/asked/symbolic.json"),
        (REWRITE, "batches/sums/asked/symbolic/L3.submit.json"),
        (REWRITE, "batches/sums/asked/original/L3.collect.json"),
    ],
)
def test_the_error_of_whatever_job_failed_is_told(results: Results, cell: Cell, output: str) -> None:
    log = "logs/" + output.removesuffix(".jsonl").removesuffix(".json") + ".log"
    write(results, log, "starting\nerror: the budget of $5.00 is spent\n")
    assert presence(results, cell) == Presence("failed", "the budget of $5.00 is spent")


def test_what_another_cell_is_made_from_is_not_its_failure(results: Results) -> None:
    for name in ("annotations/sums/asked/original/L2", "students/medium", f"checkpoints/{REWRITE}"):
        write(results, f"logs/{name}.log", "error: no\n")
    assert presence(results, PADDED) == Presence("missing", "it has not run")


def test_a_job_that_has_its_output_has_not_failed(results: Results) -> None:
    write(results, "logs/annotations/sums/asked/original/L1.log", "error: once, and then it went on\n")
    write(results, "annotations/sums/asked/original/L1.jsonl", "{}\n")
    assert presence(results, PADDED).status == "missing"


def test_the_cause_comes_before_its_consequences(results: Results) -> None:
    write(results, f"logs/predictions/{PADDED}/test/greedy.log", "error: of an earlier run\n")
    write(results, f"logs/checkpoints/{PADDED}.log", "error: the disk is full\n")
    assert presence(results, PADDED).why == "the disk is full"


def test_what_cannot_be_had_is_no_failure(results: Results) -> None:
    study = results.study.model_copy(update={"unavailable": ["sums/asked/original/L5"]})
    found = presence(Results(results.root, study), PADDED)
    assert found.status == "unavailable" and "not in the data folder" in found.why


@pytest.mark.parametrize(
    ("log", "error"),
    [
        ("", None),
        ("loss 0.5\n0 errors\nfinished\n", None),
        ("error: one\nerror: the last: of two\n", "the last: of two"),
        (
            "error: not as asked\n- no tokenizer.json: save it\n- too long\nRemoving output\n- of another\n",
            "not as asked: no tokenizer.json: save it; too long",
        ),
        (
            "Traceback (most recent call last):\n  File \"x.py\", line 1, in main\n    boom()\nKeyError: 'gold'\n",
            "KeyError: 'gold'",
        ),
        (
            "[rank0]: Traceback (most recent call last):\n"
            "[rank0]:   one()\n"
            "[rank0]: torch.OutOfMemoryError: CUDA out of memory\n"
            "Traceback (most recent call last):\n"
            "  launch()\n"
            "torch.distributed.elastic.multiprocessing.errors.ChildFailedError: \n",
            "torch.OutOfMemoryError: CUDA out of memory",
        ),
        ("Traceback (most recent call last):\n  run()\nMemoryError\n", "MemoryError"),
    ],
)
def test_the_error_is_found_in_the_log(log: str, error: str | None, tmp_path: Path) -> None:
    (tmp_path / "log").write_text(log, encoding="utf-8")
    assert error_in(tmp_path / "log") == error
    assert error_in(tmp_path / "absent") is None
