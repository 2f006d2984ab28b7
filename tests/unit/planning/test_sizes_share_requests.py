"""Sizes of one training set: what a teacher is asked of a problem is quoted once."""

from pathlib import Path
from typing import Any

import pytest
from builders import tiny_study

from gradus.planning.inputs import PlanInputs
from gradus.planning.plan import requested
from gradus.results.store import Results
from gradus.study.config import load
from gradus.teachers.prompts.prompting import Prompts

PROJECT = Path(__file__).resolve().parents[3]


def missing(root: Path, axis: str, values: list[Any]) -> list[tuple[int, int]]:
    """Requests of each point and how many of them are to be sent."""
    config = tiny_study()
    config["teachers"]["asked"] = {
        "provider": "openai",
        "model": "m",
        "base_url": "http://x/v1",
        "allow_unknown_price": True,
    }
    experiment = {**config["experiments"]["granularity"], "teachers": ["asked"], "baselines": []}
    config["experiments"] = {"sizes": {**experiment, "axis": axis, "values": values}}
    inputs = PlanInputs(Results(root, load(config)), Prompts(PROJECT / "prompts"), PROJECT / "prices.yaml")
    return [(one.requests, one.requests - one.cached) for one in requested(inputs).values()]


def test_a_smaller_set_costs_nothing_beside_a_larger_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADUS_JOURNAL", str(tmp_path / "journal"))
    assert missing(tmp_path, "dataset.train_size", [8, 24, 16]) == [(8, 8), (16, 8), (24, 8)]
    assert missing(tmp_path, "dataset.seed", [1, 2]) == [(24, 24), (24, 24)], "other problems are other requests"
