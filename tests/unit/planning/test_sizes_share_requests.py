"""Sizes of one training set: what a teacher is asked of a problem is quoted once."""

from pathlib import Path
from typing import Any

import pytest
from builders import tiny_study

from gradus.planning.inputs import PlanInputs
from gradus.planning.pending_changes import changes
from gradus.planning.plan import requested
from gradus.results.store import Results
from gradus.study import paths
from gradus.study.config import load
from gradus.study.grid import supervisions
from gradus.teachers.prompts.prompting import Prompts
from gradus.teachers.prompts.request_builder import RequestBuilder
from gradus.teachers.requests.journal import Journal

PROJECT = Path(__file__).resolve().parents[3]
refresh = Journal.refresh


def inputs_of(root: Path, axis: str, values: list[Any]) -> PlanInputs:
    config = tiny_study()
    config["teachers"]["asked"] = {
        "provider": "openai",
        "model": "m",
        "base_url": "http://x/v1",
        "allow_unknown_price": True,
    }
    experiment = {**config["experiments"]["granularity"], "teachers": ["asked"], "baselines": []}
    config["experiments"] = {"sizes": {**experiment, "axis": axis, "values": values}}
    return PlanInputs(Results(root, load(config)), Prompts(PROJECT / "prompts"), PROJECT / "prices.yaml")


def missing(root: Path, axis: str, values: list[Any]) -> list[tuple[int, int]]:
    """Requests of each point and how many of them are to be sent."""
    inputs = inputs_of(root, axis, values)
    return [(one.requests, one.requests - one.cached) for one in requested(inputs).values()]


def test_a_smaller_set_costs_nothing_beside_a_larger_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADUS_JOURNAL", str(tmp_path / "journal"))
    assert missing(tmp_path, "dataset.train_size", [8, 24, 16]) == [(8, 8), (16, 8), (24, 8)]
    assert missing(tmp_path, "dataset.seed", [1, 2]) == [(24, 24), (24, 24)], "other problems are other requests"


def test_a_plan_opens_each_journal_and_counts_each_request_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADUS_JOURNAL", str(tmp_path / "journal"))
    opened: list[str] = []
    asked: list[Any] = []
    annotation = RequestBuilder.annotation

    def opening(self: Journal) -> None:
        opened.append(self.folder.name)
        refresh(self)

    def asking(self: RequestBuilder, task: Any, *rest: Any) -> Any:
        asked.append(task)
        return annotation(self, task, *rest)

    monkeypatch.setattr(Journal, "refresh", opening)
    monkeypatch.setattr(RequestBuilder, "annotation", asking)
    inputs = inputs_of(tmp_path, "dataset.seed", [1, 2])
    requested(inputs)
    pending = {inputs.name(paths.ANNOTATIONS, supervision) for supervision in supervisions(inputs.study)}
    assert [change.requests for change in changes(inputs, pending)] == [48, 48], "the experiment, and the whole study"
    assert opened == ["asked"] and len(asked) == 48
