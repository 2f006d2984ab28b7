"""Figures, read back from what was drawn: values, intervals, missing points, the baseline, and the files."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from builders import tiny_study
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure

from gradus.analysis.summaries import ConditionSummary
from gradus.presentation.exhibits.experiment_figures import experiment_figure
from gradus.presentation.exhibits.figures import draw
from gradus.presentation.exhibits.points import Point
from gradus.presentation.figure import draw_bars, draw_lines, panels, save, style
from gradus.presentation.number import Number
from gradus.presentation.training_figures import SPEEDS, Training, loss_figure, speed_figure
from gradus.records import Supervision
from gradus.study.config import load


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    plt.close("all")


def axes_of(figure: Figure) -> list[Any]:
    """The panels, untyped: what matplotlib's stubs say of drawn data is wider than what is drawn."""
    return list(figure.axes)


def intervals(panel: Axes) -> list[tuple[float, float, float]]:
    """Value, low and high of every point with an interval."""
    found = []
    for container in panel.containers:
        if isinstance(container, ErrorbarContainer):
            value = float(np.asarray(container[0].get_ydata())[0])
            segment = container[2][-1].get_segments()[0]
            found.append((value, float(segment[0][1]), float(segment[1][1])))
    return found


def row(level: str, student: str, dataset: str, accuracy: float) -> ConditionSummary:
    return ConditionSummary(
        Supervision(dataset, "tutor", "original", level), student, (1, 2), 100, accuracy, accuracy - 0.05, accuracy + 0.1,
        0.02, 0.0, 0.0, 20.0, 0.1, 0.0, False, False,
    )  # fmt: skip


def test_an_experiments_figure_shows_its_accuracies_and_intervals() -> None:
    experiment = load(tiny_study("drawn"), "drawn").experiments["granularity"]
    experiment = experiment.model_copy(update={"axis": "level", "levels": ["L1", "L2"], "baselines": []})
    low, high = {"L1": 0.2, "L2": 0.3}, {"L1": 0.7, "L2": 0.8}
    rows = [row(level, "a", "first", value) for level, value in low.items()]
    rows += [row(level, "a", "second", value) for level, value in high.items()]
    figure = experiment_figure(experiment, rows)
    for panel, values in zip(axes_of(figure), (low, high), strict=True):
        expected = [(100 * v, 100 * v - 5, 100 * v + 10) for v in values.values()]
        assert intervals(panel) == [pytest.approx(one) for one in expected]
        assert list(panel.lines[0].get_ydata()) == pytest.approx([100 * value for value in values.values()])
        bottom, top = panel.get_ylim()
        assert bottom == 0 and top >= 90, "the interval of no panel is cut off"
        assert any(list(line.get_ydata()) == [10, 10] for line in panel.lines), "the most frequent answer"


def test_a_missing_number_breaks_its_line_and_has_no_point() -> None:
    _, (panel,) = panels(1, (3, 3))
    series = {"a": {"x": Number(0.1, 0.0, 0.2), "y": Number(None), "z": Number(0.3, 0.2, 0.5)}}
    draw_lines(panel, ["x", "y", "z"], series, connected=["x", "y", "z"], baselines=[])
    drawn = np.asarray(panel.lines[0].get_ydata(), dtype=float)
    assert drawn[0] == pytest.approx(10) and math.isnan(drawn[1]) and drawn[2] == pytest.approx(30)
    assert intervals(panel) == [pytest.approx((10, 0, 20)), pytest.approx((30, 20, 50))]


def test_bars_have_heights_intervals_and_a_dash_where_one_is_missing() -> None:
    figure, _ = panels(1, (3, 3))
    (panel,) = axes_of(figure)
    draw_bars(panel, {"t": {"a": Number(0.4, 0.3, 0.5)}, "u": {"a": Number(None)}}, ["a"])
    assert [patch.get_height() for patch in panel.patches] == pytest.approx([40])
    assert intervals(panel) == [pytest.approx((40, 30, 50))]
    assert [text.get_text() for text in panel.texts] == ["–"]


def point(dataset: str, teacher: str, value: float | None, level: str = "mean") -> Point:
    number = Number(value, None if value is None else value - 0.03, None if value is None else value + 0.04)
    return Point(Supervision(dataset, teacher, "original", level), "s", "accuracy", number)


def test_means_over_datasets_are_of_those_that_all_teachers_have() -> None:
    points = [point("a", "t", 0.2), point("b", "t", 0.4), point("c", "t", 0.9)]
    points += [point("a", "u", 0.3), point("b", "u", 0.5), point("c", "u", None)]
    (panel,) = axes_of(draw("figure-5", points))
    assert [patch.get_height() for patch in panel.patches] == pytest.approx([30, 40])
    half = 100 * math.sqrt(2 * 0.07**2) / 2 / 2
    assert intervals(panel)[0] == pytest.approx((30, 30 - half, 30 + half))


def test_panels_of_one_figure_share_the_scale_of_their_colours() -> None:
    bare = [
        replace(one, supervision=replace(one.supervision, format="answer-only"))
        for one in (point("a", "gold", 0.07, "native"), point("b", "gold", 0.05, "native"))
    ]
    figure = draw("figure-6", [*bare, point("a", "t", 0.30), point("b", "t", 0.23)])
    images = [panel.images[0] for panel in figure.axes if panel.images]
    assert [list(image.get_clim()) for image in images] == [pytest.approx([0.0, 30.0])] * 2
    assert len(figure.axes) == 3, "a bar explains the colours"


def test_the_axis_names_the_levels_of_a_mean() -> None:
    marked = [
        replace(one, number=replace(one.number, marks=("mean over L1+L3",)))
        for one in (point("a", "t", 0.2), point("a", "u", 0.3))
    ]
    assert "mean over L1, L3" in axes_of(draw("figure-13", marked))[0].get_ylabel()
    assert axes_of(draw("figure-13", [point("a", "t", 0.2, "L3")]))[0].get_ylabel() == "accuracy (%), L3"


def test_the_grid_hatches_what_is_missing_and_leaves_blank_what_nobody_asked_for() -> None:
    points = [point("a", "t", 0.25, "L1"), point("b", "t", None, "L1"), point("a", "t", 0.5, "L2")]
    figure = draw("grid", points)
    panel, _colors = axes_of(figure)
    drawn = np.ma.filled(panel.images[0].get_array().astype(float), np.nan)
    np.testing.assert_allclose(drawn, [[25, np.nan], [50, np.nan]])
    assert [text.get_text() for text in panel.texts] == ["25", "50"]
    assert len(panel.patches) == 1 and panel.patches[0].get_hatch() == "////"
    assert "1 of 3 numbers missing" in figure.get_suptitle()


def test_a_scatter_pairs_students_with_their_teachers_and_names_the_correlation() -> None:
    taught = [point("a", "t", 0.2 + 0.1 * n, f"L{n}") for n in (1, 2, 3)]
    own = [replace(one, student="", measure="teacher_accuracy", number=Number(0.5 + 0.1 * n, 0.4, 1.0))
           for n, one in enumerate(taught, 1)]  # fmt: skip
    (panel,) = axes_of(draw("figure-3", [*own, *taught]))
    found = [(container[0].get_xdata()[0], container[0].get_ydata()[0]) for container in panel.containers]
    assert found == [pytest.approx((60, 30)), pytest.approx((70, 40)), pytest.approx((80, 50))]
    assert "r = +1.00" in panel.get_title() and "3 points" in panel.get_title()


def trainings() -> list[Training]:
    trace = [{"step": n, "loss": 4.0 / n, "padding_share": 0.1 * n} for n in (1, 2, 4)]
    fast: list[dict[str, Any]] = [
        {"tokens_per_second": speed, "peak_memory_bytes": 2**30 * speed, "mfu": None} for speed in (1, 3, 8)
    ]
    return [
        Training("a", "t L1", trace, fast),
        Training("b", "t L1", trace[:2], fast[:1]),
        Training("a", "t L2", trace),
    ]


def test_losses_and_speeds_are_those_of_the_logs() -> None:
    first, second = axes_of(loss_figure(trainings()))
    assert [list(line.get_xdata()) for line in first.lines] == [[1, 2, 4]] * 2
    assert list(second.lines[0].get_ydata()) == [4.0, 2.0]
    assert first.lines[0].get_color() == second.lines[0].get_color() != first.lines[1].get_color()
    speed, padding, memory = axes_of(speed_figure(trainings()))
    assert [list(line.get_ydata()) for line in speed.lines] == [[3], [1]]
    assert [list(line.get_ydata()) for line in memory.lines] == [[8], [1]]
    assert list(padding.lines[0].get_ydata()) == pytest.approx([100 * 0.7 / 3] * 2)
    columns = {name: [measure(training) for training in trainings()] for name, _, measure in SPEEDS}
    assert columns["tokens_per_second"] == [3, 1, None] and columns["mfu_percent"] == [None] * 3


def test_many_series_are_told_apart() -> None:
    looks = [style(position) for position in range(28)]
    assert len(set(looks)) == 28


def test_files_are_the_same_bytes_without_a_date(tmp_path: Path) -> None:
    for name in ("one", "two"):
        for suffix in ("svg", "pdf"):
            save(loss_figure(trainings()), tmp_path / f"{name}.{suffix}")
    for suffix in ("svg", "pdf"):
        assert (tmp_path / f"one.{suffix}").read_bytes() == (tmp_path / f"two.{suffix}").read_bytes()
    assert (
        b"<dc:date>" not in (tmp_path / "one.svg").read_bytes()
        and b"CreationDate" not in (tmp_path / "one.pdf").read_bytes()
    )


def test_a_long_legend_makes_the_figure_taller_and_its_panels_no_flatter() -> None:
    trace = [{"step": step, "loss": 1.0 / step} for step in (1, 2, 3)]

    def drawn_height(count: int) -> tuple[float, float]:
        figure = loss_figure([Training("s", f"tutor original of kind {number}", trace) for number in range(count)])
        figure.canvas.draw()
        return figure.get_figheight(), axes_of(figure)[0].get_position().height * figure.get_figheight()

    few, many = drawn_height(2), drawn_height(24)
    assert many[0] > few[0] and many[1] > 0.9 * few[1]
