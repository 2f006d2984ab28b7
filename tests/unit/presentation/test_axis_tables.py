"""Tables and figures of experiments along a key: numbers in their order, baselines as lines of their own."""

import csv
import io
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from made_study import made_config, make_study

from gradus.analysis.summaries import summaries
from gradus.presentation.exhibits.experiment_figures import experiment_figure
from gradus.presentation.exhibits.experiments import experiment_table, to_csv
from gradus.presentation.explorer.collection import collect
from gradus.results.store import Results


def made_along(folder: Path, axis: str, values: list[Any], **changes: Any) -> Results:
    config = made_config()
    experiment = config["experiments"]["granularity"]
    lists = {"datasets": ["sums"], "students": ["small"], "levels": ["L3"], "seeds": [1, 2], "formats": ["original"]}
    config["datasets"] = {"sums": {**config["datasets"]["sums"], "test": 30}}
    along = {**experiment, **lists, "axis": axis, "values": values, "baselines": ["gold/answer-only/native"], **changes}
    config["experiments"] = {"along": along}
    config |= {"teacher_accuracy": {}, "transforms": {}}
    return Results.open(make_study(folder, config, lambda cell: 0.4, lambda _: 0.9).parent)


def test_a_table_along_a_size_orders_numbers_and_tells_them(tmp_path: Path) -> None:
    results = made_along(tmp_path, "dataset.train_size", [16, 8, 20])
    experiment = results.study.experiments["along"]
    rows = summaries(results, experiment)
    table = experiment_table("along", experiment, rows)
    assert table.heads == ["dataset", "supervision", "dataset.train_size", "small"]
    assert [line[:3] for line in table.rows] == [
        ["sums", "L3", "8"],
        ["sums", "L3", "16"],
        ["sums", "L3", "20"],
        ["sums", "answer only", "8"],
        ["sums", "answer only", "16"],
        ["sums", "answer only", "20"],
    ]
    lines = list(csv.DictReader(io.StringIO(to_csv(rows, experiment))))
    assert [line["dataset.train_size"] for line in lines][:3] == ["8", "16", "20"]
    (panel,) = experiment_figure(experiment, rows).axes
    assert [tick.get_text() for tick in panel.get_xticklabels()] == ["8", "16", "20"]
    datasets = collect(results, defaultdict(list))["axes"]["dataset"]
    assert [name for name in datasets if "@" in name] == [f"sums@train-{size}" for size in (8, 16, 20)]


@pytest.mark.parametrize(("axis", "names"), [("student", ["small", "large"]), ("dataset", ["sums"])])
def test_names_are_an_axis(tmp_path: Path, axis: str, names: list[str]) -> None:
    results = made_along(tmp_path, axis, [], **{f"{axis}s": names})
    experiment = results.study.experiments["along"]
    rows = summaries(results, experiment)
    panel = experiment_figure(experiment, rows).axes[0]
    assert [tick.get_text() for tick in panel.get_xticklabels()] == names
    assert experiment_table("along", experiment, rows).heads[:2] == ["dataset", "supervision"]
