"""Sweeps: which value was chosen, and whose order depends on it."""

import csv
import io
from pathlib import Path

import pytest
from builders import tiny_study
from made_study import made_config, make_study

from gradus.analysis.sensitivity import chosen, order_changes
from gradus.analysis.summaries import ConditionSummary, summaries
from gradus.presentation.exhibits.experiment_figures import experiment_figure
from gradus.presentation.exhibits.experiments import experiment_table, to_csv
from gradus.presentation.findings import _warnings
from gradus.records import Cell, Condition, Supervision
from gradus.results.store import Results
from gradus.runtime.errors import UserError
from gradus.statistics.measurements import Measurement, Summary
from gradus.study.config import load
from gradus.study.grid import cells

COARSE, FINE = (Supervision("sums", "tutor", "original", level) for level in ("L1", "L5"))
LOW, HIGH = "small", "small@learning-rate-0.004"


def study_of(folder: Path, development: bool) -> Results:
    """Coarse is better at the low rate, fine at the high one, which is better on average."""
    config = made_config()
    experiment = config["experiments"]["granularity"]
    lists = {"datasets": ["sums"], "students": ["small"], "levels": ["L1", "L5"], "seeds": [1, 2, 3]}
    config["datasets"] = {"sums": {**config["datasets"]["sums"], "test": 400}}
    if development:
        config["datasets"]["sums"]["development"] = {"share": 0.3}
    config["experiments"] = {"swept": {**experiment, **lists, "sweep": {"recipe.learning_rate": [0.001, 0.004]}}}
    config |= {"teacher_accuracy": {}, "transforms": {}}

    def truth(cell: Cell) -> float:
        return {("L1", LOW): 0.5, ("L5", LOW): 0.3, ("L1", HIGH): 0.5, ("L5", HIGH): 0.8}[
            cell.supervision.level, cell.student
        ]

    return Results.open(make_study(folder, config, truth, lambda _: 0.9).parent)


def test_a_sweep_makes_students_that_share_what_they_have_anyway() -> None:
    config = tiny_study()
    alone = cells(load(config))
    config["experiments"]["granularity"]["sweep"] = {"recipe.learning_rate": [0.001, 0.004]}
    study = load(config)
    assert study.experiments["granularity"].students == [
        "mini",
        "mini@learning-rate-0.004",
        "midi@learning-rate-0.001",
        "midi@learning-rate-0.004",
    ]
    assert len(cells(study)) == 2 * len(alone)
    assert load(study.model_dump(mode="json")) == study


@pytest.mark.parametrize(
    ("sweep", "told"),
    [
        ({"dataset.train_size": [1, 2]}, "not swept"),
        ({"recipe.learning_rate": [0.1]}, "two values"),
        ({"recipe.learning_rate": [0.1, -1]}, "greater than 0"),
    ],
)
def test_a_sweep_that_is_none_is_told(sweep: dict[str, list[float]], told: str) -> None:
    config = tiny_study()
    config["experiments"]["granularity"]["sweep"] = sweep
    with pytest.raises(UserError, match=told):
        load(config)


def test_one_value_is_chosen_for_a_student_by_its_mean() -> None:
    accuracies: dict[Condition, float] = {(COARSE, LOW): 0.5, (FINE, LOW): 0.3, (COARSE, HIGH): 0.4, (FINE, HIGH): 0.45}
    assert chosen(accuracies) == {("sums", HIGH)}


def test_an_order_changes_where_a_told_difference_turns() -> None:
    def of(mean: float) -> Measurement:
        return Summary(mean, 0.01, 3, 400)

    turned: dict[Condition, Measurement] = {
        (COARSE, LOW): of(0.5), (FINE, LOW): of(0.3), (COARSE, HIGH): of(0.5), (FINE, HIGH): of(0.51)
    }  # fmt: skip
    assert order_changes(turned) == {
        (COARSE, LOW): (FINE,), (FINE, LOW): (COARSE,), (COARSE, HIGH): (FINE,), (FINE, HIGH): (COARSE,)
    }  # fmt: skip
    assert order_changes({**turned, (FINE, HIGH): of(0.45)}) == {}
    assert order_changes({**turned, (FINE, LOW): of(0.499)}) == {}, "noise turns too"


@pytest.mark.parametrize("development", [True, False])
def test_the_table_of_a_sweep_has_every_value_and_its_marks(tmp_path: Path, development: bool) -> None:
    results = study_of(tmp_path, development)
    experiment = results.study.experiments["swept"]
    rows: list[ConditionSummary] = summaries(results, experiment)
    lines = list(csv.DictReader(io.StringIO(to_csv(rows, experiment))))
    assert [line["recipe.learning_rate"] for line in lines if line["level"] == "L5"] == ["0.001", "0.004"]
    assert {line["student"] for line in lines if line["chosen"].lower() == "true"} == {HIGH}
    assert {line["order_changes_with"] for line in lines if line["level"] == "L5"} == {"tutor/original/L1"}
    assert all(bool(line["development_accuracy"]) == development for line in lines)
    table = experiment_table("swept", experiment, rows)
    assert table.heads == ["dataset", "supervision", "recipe.learning_rate", "small"]
    assert "≠" in table.markdown() and "A dot marks" in table.note
    told = "\n".join(_warnings(rows, experiment))
    on = "on development problems." if development else "on test problems, for there are no development problems"
    assert f"sums, small: recipe.learning_rate 0.004 was chosen {on}" in told
    assert "the order of tutor/original/L1 and tutor/original/L5 changes with recipe.learning_rate" in told
    experiment_figure(experiment, rows)
