"""The shipped questions: short, complete, and as many trainings as their pages say."""

import re
from collections.abc import Callable

import pytest
import yaml
from running import PROJECT, Workflow

FOLDER = PROJECT / "studies" / "questions"
# Trainings, and predictions, which untaught students and transfer have more of.
ASKED = {
    "data-size": (24, 24),
    "distillation-helps": (6, 7),
    "learning-rate": (12, 24),
    "long-or-short": (15, 15),
    "pruned-checks": (9, 9),
    "samples": (12, 12),
    "shuffled-or-wrong": (9, 9),
    "transfer": (9, 30),
}


def test_every_question_is_short_and_listed() -> None:
    page = (PROJECT / "docs" / "studies" / "questions.md").read_text(encoding="utf-8")
    found = sorted(FOLDER.glob("*.yaml"))
    assert {path.stem for path in found} == set(ASKED)
    for path in found:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 40, path
        trainings, _ = ASKED[path.stem]
        assert re.search(rf"`{path.name}`.*\| {trainings} \|", page), path


@pytest.mark.parametrize("name", ASKED)
def test_a_question_runs_as_many_jobs_as_it_says(name: str, workflow: Callable[..., Workflow]) -> None:
    """One base model, and annotations that all points of an axis share where the texts are the same."""
    jobs = workflow(yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))).jobs("metrics")
    assert (jobs["train"], jobs["generate"], jobs["student"]) == (*ASKED[name], 1)
