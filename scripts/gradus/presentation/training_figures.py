"""Figures of trainings: the loss of every step, and speed, padding, memory and MFU of every cell."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from gradus.presentation.figure import finish, panels, style, styled

Step = Mapping[str, Any]


@dataclass(frozen=True)
class Training:
    """One training: ``trace`` and ``telemetry`` hold a record per optimizer step, as they were written."""

    student: str
    label: str
    trace: Sequence[Step]
    telemetry: Sequence[Step] = ()


def loss_figure(trainings: Sequence[Training]) -> Figure:
    """Training loss per optimizer step, one panel per student; points are the loss on examples held out, where there are any.

    Seeds of a supervision share its line in the legend.
    """
    students = _students(trainings)
    labels = list(dict.fromkeys(training.label for training in trainings))
    with styled():
        figure, axes = panels(len(students), (4.6, 3.5), sharey=True)
        for panel, student in zip(axes, students, strict=True):
            for training in (each for each in trainings if each.student == student):
                look = style(labels.index(training.label))
                steps, losses = zip(*((step["step"], step["loss"]) for step in training.trace), strict=True)
                panel.plot(steps, losses, look.line, color=look.color, linewidth=0.8, label=training.label)
                apart = [
                    (step["step"], step["validation_loss"]) for step in training.trace if "validation_loss" in step
                ]
                if apart:
                    panel.plot(*zip(*apart, strict=True), look.marker, color=look.color, markersize=4)
            panel.set_title(student)
            panel.set_xlabel("optimizer step")
            panel.set_yscale("log")
        finish(figure, axes, "loss per target token")
    return figure


# How a training ran: a column of the CSV, the title of its panel, and the number.
SPEEDS: Sequence[tuple[str, str, Callable[[Training], float | None]]] = (
    ("tokens_per_second", "tokens per second", lambda training: _median(training.telemetry, "tokens_per_second")),
    ("padding_percent", "padding (%)", lambda training: _mean(training.trace, "padding_share", 100)),
    (
        "peak_memory_gib",
        "peak memory of a rank (GiB)",
        lambda training: _median(training.telemetry[-1:], "peak_memory_bytes", 2**-30),
    ),
    ("mfu_percent", "MFU (%)", lambda training: _median(training.telemetry, "mfu", 100)),
)


def speed_figure(trainings: Sequence[Training]) -> Figure:
    """Speed, padding, memory and MFU of every cell, a dot each, by student; what was not measured has no panel."""
    students = _students(trainings)
    values = {
        title: [(training.student, value) for training in trainings if (value := measure(training)) is not None]
        for _, title, measure in SPEEDS
    }
    shown = {title: found for title, found in values.items() if found}
    with styled():
        figure, axes = panels(len(shown), (3.2, 2.9))
        for panel, (title, found) in zip(axes, shown.items(), strict=True):
            for position, student in enumerate(students):
                own = [value for name, value in found if name == student]
                # Side by side instead of on top of each other, in the order of the study.
                positions = [position + 0.3 * (number + 0.5) / max(1, len(own)) - 0.15 for number in range(len(own))]
                look = style(position)
                panel.plot(positions, own, look.marker, color=look.color, markersize=4)
            panel.set_title(title, fontsize=9)
            panel.set_xticks(range(len(students)), students, rotation=30 if len(students) > 3 else 0)
            panel.set_xlim(-0.6, len(students) - 0.4)
            panel.set_ylim(0, 1.1 * max(value for _, value in found) or 1)
    return figure


def _students(trainings: Iterable[Training]) -> list[str]:
    return list(dict.fromkeys(training.student for training in trainings))


def _median(steps: Sequence[Step], key: str, factor: float = 1) -> float | None:
    values = [step[key] for step in steps if step[key] is not None]
    return factor * statistics.median(values) if values else None


def _mean(steps: Sequence[Step], key: str, factor: float = 1) -> float | None:
    values = [step[key] for step in steps if step[key] is not None]
    return factor * statistics.fmean(values) if values else None
