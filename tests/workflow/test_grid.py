"""Whole grids as dry runs: the paper's, one with both engines, and one whose stages run by interpreters of their own."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from builders import tiny_study
from running import PROJECT, Workflow

from gradus.results.presence import with_unavailable
from gradus.study.config import load
from gradus.study.grid import (
    cells,
    experiment_cells,
    is_untaught,
    missing_supervisions,
    requested_supervisions,
    trained,
)


@pytest.fixture
def without_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRADUS_DATA", raising=False)


def test_the_papers_grid_has_as_many_cells_as_the_paper(without_data: None) -> None:
    study = load(yaml.safe_load((PROJECT / "studies" / "paper.yaml").read_text(encoding="utf-8")))
    each = {name: set(experiment_cells(study, experiment)) for name, experiment in study.experiments.items()}
    assert len(each["granularity"]) == 882
    # Beside bare answers the base models themselves, which the paper does not have.
    untaught = {cell for cell in each["answer-only"] if is_untaught(cell.supervision)}
    each["answer-only"] -= untaught
    assert len(each["answer-only"]) == len(untaught) == 49
    assert len((each["formats"] | each["formats-obqa"]) - each["granularity"]) == 252
    others = [name for name in each if name.startswith("teachers-")]
    assert sum(len(each[name]) for name in others) == 324
    assert len(each["human"]) == 24
    assert len(each["padding"] - each["granularity"]) == 2
    shown = each["granularity"] | each["answer-only"] | each["human"] | each["padding"]
    for name in ("formats", "formats-obqa", *others):
        shown |= each[name]
    assert len(shown) == 1533
    # Formats that were released and not reported.
    assert len((each["formats-l3"] | each["formats-l6"]) - shown) == 8 * 7 * 3
    assert len(cells(study)) == 1533 + 168 + 49 and len(trained(cells(study))) == 1533 + 168


@pytest.mark.parametrize("targets", [["metrics"], pytest.param([], marks=pytest.mark.full)], ids=["metrics", "whole"])
def test_the_papers_grid_can_be_run(workflow: Callable[..., Workflow], without_data: None, targets: list[str]) -> None:
    """Braces in a served teacher's command line once broke it."""
    study = yaml.safe_load((PROJECT / "studies" / "paper.yaml").read_text(encoding="utf-8"))
    study["about"] = "with {braces} in it"
    jobs = workflow(study).jobs(*targets)
    assert (jobs["train"], jobs["generate"], jobs["score"]) == (1701, 1750, 1750)
    assert (jobs["annotate"], jobs["annotate_served"], jobs["pretrained_student"]) == (117, 39, 7)
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


def test_the_released_grid_is_the_papers_without_a_data_folder(without_data: None) -> None:
    """Nothing can be known to be absent there, so it is the whole of it, under the released teachers' names."""
    paper, released = (
        load(yaml.safe_load((PROJECT / "studies" / f"{name}.yaml").read_text(encoding="utf-8")))
        for name in ("paper", "released")
    )
    named = {(f"{cell.supervision}".replace("released-", ""), cell.student, cell.seed) for cell in cells(released)}
    # The experiment `teachers` also names LLaMA's L5 and L6 of SVAMP and L6 of GSM8K, which nobody released: 12 cells.
    extra = named - {(f"{cell.supervision}", cell.student, cell.seed) for cell in cells(paper)}
    assert len(named) == 1750 + 12 and {name.split("/")[1] for name, _, _ in extra} == {"llama-3-70b"}


def test_the_released_grid_is_what_is_in_the_data_folder(gradus_data: Path) -> None:
    loaded = load(yaml.safe_load((PROJECT / "studies" / "released.yaml").read_text(encoding="utf-8")))
    study = with_unavailable(loaded, gradus_data)
    found = {str(cell.supervision) for cell in cells(study)}
    assert "svamp/released-gpt-4o/symbolic/L5" in found and "strategyqa/released-llama-3-70b/original/L6" in found
    assert "svamp/released-llama-3-70b/original/L6" not in found and "obqa/released-human/original/native" not in found
    every = {supervision for one in study.experiments.values() for supervision in requested_supervisions(one)}
    assert {str(supervision) for supervision in every} - found == {
        str(supervision) for supervision in missing_supervisions(study)
    }


def test_the_base_model_itself_is_asked_and_never_trained(workflow: Callable[..., Workflow]) -> None:
    study = tiny_study("untaught")
    study["datasets"]["gradeschool"] |= {"train": 40, "development": {"share": 0.2, "seed": 1}}
    study["teachers"] = {"none": {"provider": "none"}, "two-shot": {"provider": "none", "shots": 2}}
    experiment = study["experiments"]["granularity"]
    experiment |= {"teachers": ["none"], "formats": ["untaught"], "levels": ["native"], "seeds": [1, 2, 3]}
    experiment["baselines"] = ["two-shot/untaught/native"]
    jobs = workflow(study).jobs("metrics", "checkpoints", "annotations")
    assert not {"train", "annotate", "training_set"} & set(jobs)
    # Two students, each with and without worked examples, one seed, test and development.
    assert (jobs["generate"], jobs["score"], jobs["student"]) == (8, 8, 2)


def test_transfer_adds_predictions_and_scores_and_no_training(workflow: Callable[..., Workflow]) -> None:
    study = tiny_study("transfer")
    for name, seed in {"other": 6, "third": 7}.items():
        study["datasets"][name] = {"source": "gradeschool", "seed": seed, "train": 24, "test": 10}
    before = workflow(study).jobs("metrics", "tables")
    study["experiments"]["granularity"]["transfer"] = ["other", "third"]
    jobs = workflow(study).jobs("metrics", "tables")
    more = {rule: count - before.get(rule, 0) for rule, count in jobs.items() if count != before.get(rule, 0)}
    # Four cells, each on two other datasets; their problems; and the table.
    assert more == {"generate": 8, "score": 8, "data": 2, "transfer_table": 1}
    # What comes from elsewhere is held against the training split.
    study["datasets"]["other"] = {"source": "svamp", "origin": "files"}
    assert workflow(study).jobs("metrics", "tables").get("leak_check") == 2


def test_fits_are_read_once_for_every_student_and_supervision_and_train_nothing(
    workflow: Callable[..., Workflow],
) -> None:
    study = tiny_study("fits")
    before = workflow(study).jobs("metrics", "tables", "figures")
    study["student_fits"] = True
    jobs = workflow(study).jobs("metrics", "tables", "figures")
    more = {rule: count - before.get(rule, 0) for rule, count in jobs.items() if count != before.get(rule, 0)}
    assert more == {"student_fit": 4, "student_fits_shown": 1}
