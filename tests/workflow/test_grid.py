"""Whole grids as dry runs: the paper's, one with both engines, and one whose stages run by interpreters of their own."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from conftest import PROJECT, Workflow, tiny_study

from gradus.config import load
from gradus.grid import cells, experiment_cells


@pytest.fixture
def without_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRADUS_DATA", raising=False)


def test_the_papers_grid_has_as_many_cells_as_the_paper(without_data: None) -> None:
    study = load(yaml.safe_load((PROJECT / "studies" / "paper.yaml").read_text(encoding="utf-8")))
    each = {name: set(experiment_cells(study, experiment)) for name, experiment in study.experiments.items()}
    assert len(each["granularity"]) == 882
    assert len(each["answer-only"]) == 49
    assert len((each["formats"] | each["formats-obqa"]) - each["granularity"]) == 252
    others = [name for name in each if name.startswith("teachers-")]
    assert sum(len(each[name]) for name in others) == 324
    assert len(each["human"]) == 24
    assert len(each["padding"] - each["granularity"]) == 2
    assert len(cells(study)) == 1533


def test_the_papers_grid_can_be_run_whole(workflow: Callable[..., Workflow], without_data: None) -> None:
    """Braces in a served teacher's command line once broke it."""
    study = yaml.safe_load((PROJECT / "studies" / "paper.yaml").read_text(encoding="utf-8"))
    study["about"] = "with {braces} in it"
    jobs = workflow(study).jobs()
    assert (jobs["train"], jobs["generate"], jobs["score"]) == (1533, 1533, 1533)
    assert (jobs["annotate"], jobs["annotate_served"], jobs["pretrained_student"]) == (109, 39, 7)
    assert "student" not in jobs and "train_on_nodes" not in jobs


def test_each_job_belongs_to_one_rule(workflow: Callable[..., Workflow]) -> None:
    study = tiny_study()
    study["decodings"]["fast"] = {"engine": "vllm", "max_new_tokens": 12}
    study["students"]["midi"]["resources"] = {"nodes": 2}
    jobs = workflow(study).jobs()
    assert (jobs["generate"], jobs["generate_vllm"]) == (4, 4)
    assert (jobs["train"], jobs["train_on_nodes"]) == (2, 2)


def test_a_stage_runs_by_the_interpreter_that_the_study_names(
    workflow: Callable[..., Workflow], tmp_path: Path
) -> None:
    """It changes no result: naming another one later reruns nothing."""
    wrapper = tmp_path / "my python"
    wrapper.write_text(f'#!/bin/sh\necho "$1" >> "{tmp_path}/calls"\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    wrapper.chmod(0o755)
    study = tiny_study()
    study["interpreters"] = {"annotate": f"'{wrapper}'"}
    run = workflow(study)
    run.run("annotations")
    calls = (tmp_path / "calls").read_text(encoding="utf-8").split("\n")
    assert {Path(call).name for call in calls if call} == {"annotate.py"}
    del study["interpreters"]
    assert run.jobs("annotations") == {}
