"""Claims for doses: each shape is found where it is, and passes for no other."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_study import made_config, make_study

from gradus.analysis.claims.doses import SHAPES, doses
from gradus.analysis.claims.statements import judged
from gradus.analysis.dose_collection import dose_series
from gradus.analysis.evidence import DoseSeries, Evidence
from gradus.records import Cell
from gradus.results.store import Results
from gradus.statistics.measurements import Measurement, Rows, Summary
from gradus.statistics.simulation import DOSES, Design, calls_dose_shapes, dose_rates, simulated_levels

SURE = {
    "rises": "rises by 4 points",
    "saturates": "saturates",
    "valley": "valley of 8 points",
    "peak": "peak of 8 points",
}


def series(*accuracies: float, sd: float = 0.002, runs: int = 3) -> Evidence:
    measured: dict[str, Measurement] = {
        str(100 * 2**index): Summary(accuracy, sd if runs > 1 else None, runs, 1000)
        for index, accuracy in enumerate(accuracies)
    }
    return Evidence({}, doses=[DoseSeries("dataset.train_size", "sums, small, tutor/original/L3", "sums", measured)])


def verdicts(evidence: Evidence) -> dict[str, str]:
    return {one.claim: one.verdict for one in judged(doses(evidence))}


@pytest.mark.parametrize(
    ("accuracies", "shapes"),
    [
        ((0.3, 0.35, 0.4, 0.45), {"rises"}),
        ((0.3, 0.4, 0.41, 0.41), {"saturates"}),
        ((0.5, 0.4, 0.4, 0.5), {"valley"}),
        ((0.4, 0.5, 0.5, 0.4), {"peak"}),
        ((0.4, 0.4, 0.4, 0.4), set()),
        ((0.5, 0.45, 0.4, 0.35), set()),
        # It falls below where it began and ends above it: a valley, and no plain rise.
        ((0.44, 0.38, 0.42, 0.5), {"valley"}),
    ],
)
def test_each_shape_is_told_apart(accuracies: tuple[float, ...], shapes: set[str]) -> None:
    found = verdicts(series(*accuracies))
    assert {claim for claim, verdict in found.items() if verdict == "supported"} == shapes
    assert set(found) == set(SHAPES)


def test_a_curve_that_falls_contradicts_a_rise_and_a_flat_one_is_small() -> None:
    assert verdicts(series(0.5, 0.45, 0.4, 0.35))["rises"] == "contradicted"
    assert set(verdicts(series(0.4, 0.4, 0.4, 0.4)).values()) == {"shown to be small"}


def test_one_run_decides_nothing_and_two_doses_have_no_shape() -> None:
    assert set(verdicts(series(0.3, 0.4, 0.5, runs=1)).values()) == {"one run: no verdict"}
    assert doses(series(0.3, 0.4)) == []


def test_the_values_are_told_beside() -> None:
    (first, *_) = doses(series(0.3, 0.4, 0.5))
    assert first.statement == "accuracy rises with dataset.train_size to the last value"
    assert first.note == "100: 30.0 %, 200: 40.0 %, 400: 50.0 %"


@pytest.mark.parametrize("truth", DOSES)
def test_no_shape_is_found_where_another_is(truth: str) -> None:
    """A few studies each; docs/background/statistics.md has the rates of many."""
    rates = dose_rates(truth, Design(problems=254, seed_sd=0.02), 12, seed=3)
    _, true = DOSES[truth]
    assert all(rate <= 0.25 for claim, rate in rates.items() if claim not in true), rates


def test_item_rows_are_paired() -> None:
    rows = simulated_levels(DOSES["valley of 8 points"][0], Design(problems=800), np.random.default_rng(1))
    assert calls_dose_shapes(rows)["valley"] and not calls_dose_shapes(rows)["rises"]


def made_along(folder: Path, axis: str, values: list[Any], **changes: Any) -> Results:
    """A study of one experiment along an axis, in which larger points are better."""
    config = made_config()
    experiment = config["experiments"]["granularity"]
    lists = {"datasets": ["sums"], "students": ["small"], "levels": ["L3"], "seeds": [1, 2], "formats": ["original"]}
    config["datasets"] = {"sums": {**config["datasets"]["sums"], "test": 40}}
    config["experiments"] = {"along": {**experiment, **lists, "axis": axis, "values": values, **changes}}
    config |= {"teacher_accuracy": {}, "transforms": {}}

    def truth(cell: Cell) -> float:
        return 0.2 + 0.02 * len(f"{cell.supervision.dataset}{cell.student}")

    return Results.open(make_study(folder, config, truth, lambda _: 0.9).parent)


def test_a_study_has_a_series_for_every_condition_of_an_axis(tmp_path: Path) -> None:
    results = made_along(tmp_path, "dataset.train_size", [16, 8, 20], levels=["L1", "L3"])
    found = dose_series(results)
    assert [one.subject for one in found] == [f"sums, small, tutor/original/{level}" for level in ("L1", "L3")]
    assert [list(one.measured) for one in found] == [["8", "16", "20"]] * 2
    assert all(isinstance(one, Rows) and one.runs == 2 for one in found[0].measured.values())


def test_other_test_problems_are_not_paired(tmp_path: Path) -> None:
    """And words have no order: they are no doses."""
    (found,) = dose_series(made_along(tmp_path / "sizes", "dataset.test", [30, 40, 50]))
    assert all(isinstance(one, Summary) for one in found.measured.values())
    assert dose_series(made_along(tmp_path / "words", "recipe.schedule", ["cosine", "linear", "constant"])) == []
