"""Figures: accuracy along an experiment's axis, loss and speed of every training. SVG and PDF, the same bytes each time."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from gradus.analysis.rows import Row, label
from gradus.runtime.atomic import atomic_writer
from gradus.study.config import Experiment

# Okabe and Ito's colour-blind safe palette, with a marker each, so that greyscale prints can be read.
STYLES = (
    ("#0072B2", "o"),
    ("#D55E00", "s"),
    ("#009E73", "^"),
    ("#CC79A7", "D"),
    ("#E69F00", "v"),
    ("#56B4E9", "P"),
    ("#000000", "X"),
)
SETTINGS: Any = {
    "svg.hashsalt": "gradus",
    "svg.fonttype": "none",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.constrained_layout.use": True,
}


def accuracy_figure(rows: list[Row], experiment: Experiment) -> Figure:
    """Accuracy with intervals along the axis, one line per student, one panel per dataset; baselines stand apart."""
    datasets = list(dict.fromkeys(row.supervision.dataset for row in rows))
    with plt.rc_context(SETTINGS):
        figure, panels = plt.subplots(
            1, len(datasets), figsize=(1.2 + 4.6 * len(datasets), 3.6), squeeze=False, sharey=True
        )
        for panel, dataset in zip(panels[0], datasets, strict=True):
            _accuracy_panel(panel, [row for row in rows if row.supervision.dataset == dataset], experiment)
            panel.set_title(dataset)
        panels[0][0].set_ylabel("accuracy (%), 95 % interval")
        panels[0][-1].legend(frameon=False, loc="best")
    return figure


def _accuracy_panel(panel: Any, rows: list[Row], experiment: Experiment) -> None:
    names = list(dict.fromkeys(label(row.supervision, experiment) for row in rows))
    baselines = [name for name in names if name not in getattr(experiment, experiment.axis + "s")]
    names = baselines + [name for name in names if name not in baselines]
    students = list(dict.fromkeys(row.student for row in rows))
    for number, student in enumerate(students):
        color, marker = STYLES[number % len(STYLES)]
        mine = {label(row.supervision, experiment): row for row in rows if row.student == student}
        shift = 0.08 * (number - (len(students) - 1) / 2)
        main = [name for name in names if name in mine and name not in baselines]
        if experiment.axis == "level":
            places = [names.index(name) + shift for name in main]
            panel.plot(places, [100 * mine[name].accuracy for name in main], color=color, linewidth=1.2)
        for name in (name for name in names if name in mine):
            row = mine[name]
            value = 100 * row.accuracy
            errors = [[max(0.0, value - 100 * row.low)], [max(0.0, 100 * row.high - value)]]
            panel.errorbar(
                names.index(name) + shift,
                value,
                yerr=errors,
                color=color,
                marker=marker,
                markersize=5,
                capsize=2,
                linewidth=1,
                label=student if name == names[-1] else None,
                markerfacecolor="white" if name in baselines else color,
            )
    panel.axhline(100 * rows[0].most_frequent, color="#777777", linewidth=0.8, linestyle=":")
    panel.annotate(
        "most frequent answer",
        (len(names) - 0.6, 100 * rows[0].most_frequent),
        fontsize=7,
        color="#555555",
        ha="right",
        va="bottom",
    )
    panel.set_xticks(range(len(names)), [name.replace("-", "-\n") if len(name) > 12 else name for name in names])
    panel.set_xlim(-0.5, len(names) - 0.4)
    panel.set_ylim(bottom=0)
    panel.set_xlabel({"level": "granularity level", "format": "format", "teacher": "teacher"}[experiment.axis])


def loss_figure(traces: dict[str, list[dict[str, Any]]]) -> Figure:
    """Training loss per optimizer step, one panel per student; ``traces`` maps ``student|condition`` to its log."""
    students = list(dict.fromkeys(name.split("|")[0] for name in traces))
    with plt.rc_context(SETTINGS):
        figure, panels = plt.subplots(
            1, len(students), figsize=(1 + 4.6 * len(students), 3.8), squeeze=False, sharey=True
        )
        for panel, student in zip(panels[0], students, strict=True):
            mine = {name.split("|")[1]: trace for name, trace in traces.items() if name.split("|")[0] == student}
            for number, (condition, trace) in enumerate(mine.items()):
                style = ("-", "--", ":", "-.")[number // len(STYLES) % 4]
                color = STYLES[number % len(STYLES)][0]
                steps = [point["step"] for point in trace]
                panel.plot(steps, [point["loss"] for point in trace], style, color=color, linewidth=1, label=condition)
            panel.set_title(student)
            panel.set_xlabel("optimizer step")
            panel.set_yscale("log")
            panel.legend(frameon=False, fontsize=7)
        panels[0][0].set_ylabel("loss per target token")
    return figure


def speed_figure(telemetry: dict[str, list[dict[str, Any]]], traces: dict[str, list[dict[str, Any]]]) -> Figure:
    """Speed, padding, memory and MFU of every cell, a dot each, by student; keys as in ``loss_figure``."""
    students = list(dict.fromkeys(name.split("|")[0] for name in telemetry))
    panels: list[tuple[str, dict[str, float | None]]] = [
        ("tokens per second", {name: _median(steps, "tokens_per_second") for name, steps in telemetry.items()}),
        ("padding (%)", {name: _scaled(_mean(steps, "padding_share"), 100) for name, steps in traces.items()}),
        (
            "peak memory of a rank (GiB)",
            {name: _scaled(_median(steps[-1:], "peak_memory_bytes"), 2**-30) for name, steps in telemetry.items()},
        ),
        ("MFU (%)", {name: _scaled(_median(steps, "mfu"), 100) for name, steps in telemetry.items()}),
    ]
    shown = [(title, values) for title, values in panels if any(value is not None for value in values.values())]
    with plt.rc_context(SETTINGS):
        figure, places = plt.subplots(1, len(shown), figsize=(3.2 * len(shown), 3.2), squeeze=False)
        for panel, (title, values) in zip(places[0], shown, strict=True):
            for number, student in enumerate(students):
                mine = [value for name, value in values.items() if name.split("|")[0] == student and value is not None]
                # Side by side instead of on top of each other, in the order of the study.
                offsets = [0.3 * (place + 0.5) / max(1, len(mine)) - 0.15 for place in range(len(mine))]
                color, marker = STYLES[number % len(STYLES)]
                panel.plot([number + offset for offset in offsets], mine, marker, color=color, markersize=4)
            panel.set_title(title, fontsize=9)
            panel.set_xticks(range(len(students)), students, rotation=30 if len(students) > 3 else 0)
            panel.set_xlim(-0.6, len(students) - 0.4)
            panel.set_ylim(0, 1.1 * max(value for value in values.values() if value is not None) or 1)
    return figure


def _values(steps: list[dict[str, Any]], key: str) -> list[float]:
    return [step[key] for step in steps if step[key] is not None]


def _median(steps: list[dict[str, Any]], key: str) -> float | None:
    values = _values(steps, key)
    return statistics.median(values) if values else None


def _mean(steps: list[dict[str, Any]], key: str) -> float | None:
    values = _values(steps, key)
    return statistics.fmean(values) if values else None


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def save(figure: Figure, path: str | Path) -> None:
    """Write SVG or PDF by suffix, whole or not at all, without a date inside."""
    suffix = Path(path).suffix.removeprefix(".")
    dates: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None, "ModDate": None}}
    with plt.rc_context(SETTINGS), atomic_writer(path) as stream:
        figure.savefig(stream, format=suffix, metadata=dates[suffix])
    plt.close(figure)
