"""Experiments as exhibits: the figure of one experiment, from the summaries of its conditions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from matplotlib.figure import Figure

from gradus.analysis.summaries import ConditionSummary, full_label, label, plain, value
from gradus.presentation.exhibits.experiments import accuracy
from gradus.presentation.figure import draw_lines, finish, panels, styled
from gradus.presentation.number import Number
from gradus.study.config import Experiment
from gradus.study.config.axes import text_of


def experiment_figure(experiment: Experiment, rows: Sequence[ConditionSummary]) -> Figure:
    """Accuracy with intervals along the axis, one line per student, one panel per dataset; baselines stand apart."""
    if experiment.parameter is not None:
        return _parameter_figure(experiment, rows)
    if experiment.axis in ("student", "dataset"):
        return _names_figure(experiment, rows)
    datasets = list(dict.fromkeys(row.supervision.dataset for row in rows))
    ticks = list(dict.fromkeys(label(row.supervision, experiment) for row in rows))
    baselines = [tick for tick in ticks if tick not in getattr(experiment, f"{experiment.axis}s")]
    ticks = baselines + [tick for tick in ticks if tick not in baselines]
    with styled():
        figure, axes = panels(len(datasets), (4.6, 3.5), sharey=True)
        for panel, dataset in zip(axes, datasets, strict=True):
            shown = [row for row in rows if row.supervision.dataset == dataset]
            series: dict[str, dict[str, Number]] = {row.student: {} for row in shown}
            for row in shown:
                series[row.student][label(row.supervision, experiment)] = accuracy(row)
            connected = [tick for tick in ticks if tick not in baselines] if experiment.axis == "level" else []
            draw_lines(panel, ticks, series, connected, baselines)
            frequent = 100 * shown[0].most_frequent
            # Its name stands in the legend, where it crosses no interval.
            panel.axhline(frequent, color="#777777", linewidth=0.8, linestyle=":", label="most frequent answer")
            panel.set_title(dataset)
            panel.set_xlabel("granularity level" if experiment.axis == "level" else experiment.axis)
        finish(figure, axes, "accuracy (%), 95 % interval", from_zero=True)
    return figure


def _parameter_figure(experiment: Experiment, rows: Sequence[ConditionSummary]) -> Figure:
    """Accuracy over the values of a key, a line per student and supervision (baselines too), a panel per dataset."""
    return _lines(
        experiment,
        rows,
        list(map(text_of, dict.fromkeys(experiment.points.values()))),
        lambda row: plain(row.supervision.dataset, experiment),
        lambda row: text_of(value(row, experiment)),
        lambda row: plain(row.student, experiment),
    )


def _names_figure(experiment: Experiment, rows: Sequence[ConditionSummary]) -> Figure:
    """Accuracy over students, or over datasets, a line per supervision and what else differs."""
    over_students = experiment.axis == "student"
    return _lines(
        experiment,
        rows,
        experiment.students if over_students else experiment.datasets,
        lambda row: row.supervision.dataset if over_students else row.student,
        lambda row: row.student if over_students else row.supervision.dataset,
        lambda row: "",
    )


def _lines(
    experiment: Experiment,
    rows: Sequence[ConditionSummary],
    ticks: list[str],
    panel_of: Callable[[ConditionSummary], str],
    tick_of: Callable[[ConditionSummary], str],
    head_of: Callable[[ConditionSummary], str],
) -> Figure:
    """Lines over ``ticks``: which panel, which tick, and what a line is called before its supervision."""
    names = list(dict.fromkeys(map(panel_of, rows)))
    with styled():
        figure, axes = panels(len(names), (4.6, 3.5), sharey=True)
        for panel, name in zip(axes, names, strict=True):
            series: dict[str, dict[str, Number]] = {}
            for row in rows:
                if panel_of(row) == name:
                    line = ", ".join(filter(None, [head_of(row), full_label(row, experiment)]))
                    series.setdefault(line, {})[tick_of(row)] = accuracy(row)
            draw_lines(panel, ticks, series, ticks, [])
            panel.set_title(name)
            panel.set_xlabel(experiment.axis)
        finish(figure, axes, "accuracy (%), 95 % interval", from_zero=True)
    return figure
