"""What a planned comparison expects runs to vary: what the paper's do, or the study's own."""

import math
from pathlib import Path
from statistics import fmean, stdev

import pytest
from made_study import made_config, make_study

from gradus.analysis.published import Printed, read
from gradus.planning.inputs import PlanInputs
from gradus.planning.power import declared_power, prior
from gradus.results.store import Results
from gradus.study import paths
from gradus.study.grid import cells
from gradus.teachers.prompts.prompting import Prompts

PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def printed() -> list[Printed]:
    return read(PROJECT / "published" / "chen-2025.csv")


def test_a_dataset_of_the_paper_has_its_own_runs(printed: list[Printed]) -> None:
    noise = prior("svamp", 300, printed)
    assert 0.008 < noise.run_sd < 0.03 and "the paper's runs on svamp" in noise.source
    assert prior("gsm8k", 1319, printed).run_sd < prior("aqua", 254, printed).run_sd


def test_another_dataset_has_those_of_the_nearest_size(printed: list[Printed]) -> None:
    assert "on gsm8k" in prior("gradeschool", 1500, printed).source
    assert "on strategyqa" in prior("gradeschool", 280, printed).source


def test_runs_of_the_study_itself_are_its_pilot(printed: list[Printed], tmp_path: Path) -> None:
    """Where both cells have two runs or more, their own sd and their own problems count, and the prior no longer does."""
    config = made_config()
    levels = config["experiments"]["granularity"] | {
        "levels": ["L1", "L3"],
        "students": ["small"],
        "datasets": ["sums"],
    }
    config |= {"experiments": {"granularity": levels}, "transforms": {}, "teacher_accuracy": {}}
    sides = {"first": "tutor/original/L3", "second": "tutor/original/L1"}
    config["primary"] = {"finer": {"question": "Is L3 better?", **sides, "datasets": ["sums"], "students": ["small"]}}
    study = make_study(tmp_path, config, lambda _: 0.5, lambda _: 0.9)
    results = Results.open(study.parent)
    inputs = PlanInputs(results, Prompts(PROJECT / "prompts"), tmp_path / "prices.yaml")
    [found] = declared_power(inputs, printed)
    measured = [
        [results.metrics(cell).accuracy for cell in cells(results.study) if cell.supervision.level == level]
        for level in ("L1", "L3")
    ]
    assert (found.noise_from, found.seeds) == ("pilot: 3 and 3 runs of this study", 3)
    assert found.run_sd == pytest.approx(math.sqrt(fmean(stdev(each) ** 2 for each in measured)))
    for cell in cells(results.study):
        if (cell.supervision.level, cell.seed) != ("L1", 1):
            results.path(paths.METRICS, cell, decoding="greedy", problems="test").unlink()
    [one_run] = declared_power(inputs, printed)
    assert "the paper's runs" in one_run.noise_from, "one run has no sd"
