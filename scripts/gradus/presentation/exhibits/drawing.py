"""Figures of exhibits: told apart by marker, line and hatch as well as colour; what is missing is drawn as missing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from textwrap import wrap
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from gradus.presentation.exhibits.catalogue import EXHIBITS
from gradus.presentation.exhibits.points import Point
from gradus.presentation.figures import SETTINGS, STYLES
from gradus.records.vocabulary import ANSWER_ONLY
from gradus.statistics.correlations import within_groups

_LINES = ("-", "--", "-.", ":")
_HATCHES = ("", "//", "..", "xx", "\\\\", "++", "oo")
_PER_ROW = 4
_LEAST_WIDTH = 4.5  # inches
_LETTERS_PER_INCH = 11  # of a title


def draw(name: str, points: Sequence[Point]) -> Figure:
    """The figure of an exhibit from its points."""
    chosen = {
        "figure-2": _curves,
        "figure-3": _scatter,
        "figure-4": _scatter,
        "figure-5": _bars_over_datasets,
        "figure-6": _two_maps,
        "figure-13": _bars,
        "grid": _grid,
    }[name]
    with plt.rc_context(SETTINGS):
        figure = chosen(points)
        absent = sum(one.value is None for one in points)
        title = EXHIBITS[name].title + (f"  (PARTIAL: {absent} of {len(points)} numbers missing)" if absent else "")
        figure.suptitle("\n".join(wrap(title, int(_LETTERS_PER_INCH * figure.get_figwidth()))), fontsize=10)
    return figure


def _names(values: Any) -> list[str]:
    return list(dict.fromkeys(values))


def _panels(count: int, size: tuple[float, float], **options: Any) -> tuple[Figure, list[Any]]:
    columns = min(_PER_ROW, count)
    rows = math.ceil(count / columns)
    width = max(_LEAST_WIDTH, size[0] * columns)
    figure, places = plt.subplots(rows, columns, figsize=(width, size[1] * rows + 0.3), squeeze=False, **options)
    flat = [place for row in places for place in row]
    for place in flat[count:]:
        place.set_visible(False)
    return figure, flat[:count]


def _percent(one: Point) -> tuple[float, list[list[float]]]:
    assert one.value is not None and one.low is not None and one.high is not None
    value = 100 * one.value
    return value, [[max(0.0, value - 100 * one.low)], [max(0.0, 100 * one.high - value)]]


def _legend(figure: Figure, panels: Sequence[Any]) -> None:
    """Below the panels, in as many columns as fit: constrained layout makes no room for a legend that is too wide."""
    entries = {label: handle for panel in panels for handle, label in zip(*panel.get_legend_handles_labels())}
    longest = max(map(len, entries), default=0)
    columns = max(1, min(len(entries), int(figure.get_figwidth() / (0.55 + 0.075 * longest))))
    figure.legend(
        entries.values(), entries.keys(), loc="outside lower center", ncols=columns, frameon=False, fontsize=8
    )


def _curves(points: Sequence[Point]) -> Figure:
    """Accuracy over levels, a line per student, a panel per dataset; bare answers stand at the left."""
    datasets = _names(one.place.dataset for one in points)
    ticks = sorted({one.place.level for one in points if one.place.format != ANSWER_ONLY})
    students = _names(one.student for one in points)
    figure, panels = _panels(len(datasets), (3.1, 2.6))
    for panel, dataset in zip(panels, datasets, strict=True):
        for number, student in enumerate(students):
            color, marker = STYLES[number % len(STYLES)]
            mine = {
                one.place.level: one
                for one in points
                if (one.place.dataset, one.student) == (dataset, student)
                and one.place.format != ANSWER_ONLY
                and one.value is not None
            }
            shift = 0.05 * (number - (len(students) - 1) / 2)
            # A missing level breaks the line.
            values = [100 * (mine[level].value or 0.0) if level in mine else math.nan for level in ticks]
            panel.plot(
                [place + shift for place in range(len(ticks))], values, _LINES[number // len(STYLES) % len(_LINES)],
                color=color, marker=marker, markersize=4, label=student,
            )  # fmt: skip
            for level, one in mine.items():
                value, errors = _percent(one)
                panel.errorbar(ticks.index(level) + shift, value, yerr=errors, color=color, linewidth=0.7, capsize=1.5)
        for one in points:
            if one.place.format == ANSWER_ONLY and one.place.dataset == dataset and one.value is not None:
                color, marker = STYLES[students.index(one.student) % len(STYLES)]
                value, errors = _percent(one)
                shift = 0.05 * (students.index(one.student) - (len(students) - 1) / 2)
                panel.errorbar(
                    -1 + shift, value, yerr=errors, color=color, marker=marker, markersize=4, markerfacecolor="white",
                    linewidth=0.7, capsize=1.5,
                )  # fmt: skip
        bare = any(one.place.format == ANSWER_ONLY for one in points)
        panel.set_xticks(
            range(-1 if bare else 0, len(ticks)), [*(["answer\nonly"] if bare else []), *ticks], fontsize=7
        )
        panel.set_title(dataset, fontsize=9)
        panel.set_ylim(bottom=0)
    for panel in panels[::_PER_ROW]:
        panel.set_ylabel("accuracy (%), 95 % interval", fontsize=8)
    _legend(figure, panels)
    return figure


def _scatter(points: Sequence[Point]) -> Figure:
    """A student's accuracy over its teacher's own, a panel per student, a mark per dataset; r pooled and within datasets."""
    own = {
        (one.place, one.student): one for one in points if one.measure == "teacher_accuracy" and one.value is not None
    }
    mine = [one for one in points if one.measure == "accuracy"]
    students, datasets = _names(one.student for one in mine), _names(one.place.dataset for one in mine)
    figure, panels = _panels(len(students), (3.1, 3.0))
    for panel, student in zip(panels, students, strict=True):
        pairs = []
        for one in mine:
            teacher = own.get((one.place, student)) or own.get((one.place, ""))
            if one.student != student or one.value is None or teacher is None:
                continue
            x, across = _percent(teacher)
            y, along = _percent(one)
            color, marker = STYLES[datasets.index(one.place.dataset) % len(STYLES)]
            panel.errorbar(
                x, y, xerr=across, yerr=along, color=color, marker=marker, markersize=5, linewidth=0.4, alpha=0.85,
                label=one.place.dataset,
            )  # fmt: skip
            pairs.append((one.place.dataset, x, y))
        panel.set_title(f"{student}\n{_correlations(pairs)}", fontsize=8)
        panel.set_xlabel("teacher's own accuracy (%), gold hidden", fontsize=8)
    for panel in panels[::_PER_ROW]:
        panel.set_ylabel("student's accuracy (%)", fontsize=8)
    _legend(figure, panels)
    return figure


def _correlations(pairs: Sequence[tuple[str, float, float]]) -> str:
    if len(pairs) < 3:
        return f"{len(pairs)} points"
    groups, x, y = zip(*pairs, strict=True)
    pooled = within_groups(["all"] * len(pairs), x, y)
    inside = within_groups(groups, x, y)
    told = [f"r = {pooled.r:.2f} [{pooled.interval.low:.2f}, {pooled.interval.high:.2f}]"]
    if len(set(groups)) > 1 and inside.spread is not None:
        told.append(f"within datasets {inside.r:.2f} [{inside.interval.low:.2f}, {inside.interval.high:.2f}]")
    return "\n".join([*told, f"{len(pairs)} points"])


def _bars(points: Sequence[Point]) -> Figure:
    """Mean over levels per teacher, groups of bars per student, a panel per dataset."""
    datasets = _names(one.place.dataset for one in points)
    figure, panels = _panels(len(datasets), (3.4, 2.6))
    for panel, dataset in zip(panels, datasets, strict=True):
        _bar_panel(
            panel, [one for one in points if one.place.dataset == dataset], _names(one.place.teacher for one in points)
        )
        panel.set_title(dataset, fontsize=9)
    for panel in panels[::_PER_ROW]:
        panel.set_ylabel("mean over levels (%)", fontsize=8)
    _legend(figure, panels)
    return figure


def _bar_panel(panel: Any, points: Sequence[Point], teachers: list[str]) -> None:
    students = _names(one.student for one in points)
    width = 0.8 / len(teachers)
    for number, teacher in enumerate(teachers):
        color = STYLES[number % len(STYLES)][0]
        for place, student in enumerate(students):
            one = next((one for one in points if (one.place.teacher, one.student) == (teacher, student)), None)
            x = place + (number - (len(teachers) - 1) / 2) * width
            if one is None or one.value is None:
                panel.text(x, 0, "–", ha="center", va="bottom", fontsize=7)
                continue
            value, errors = _percent(one)
            panel.bar(
                x, value, width, color=color, hatch=_HATCHES[number % len(_HATCHES)], edgecolor="white", linewidth=0.4,
                label=teacher,
            )  # fmt: skip
            panel.errorbar(x, value, yerr=errors, color="black", linewidth=0.7, capsize=1.5)
    panel.set_xticks(range(len(students)), students, rotation=30, ha="right", fontsize=7)


def _bars_over_datasets(points: Sequence[Point]) -> Figure:
    """Per teacher and student the mean over the datasets that all its teachers have; intervals add up over datasets."""
    teachers = _names(one.place.teacher for one in points)
    merged = []
    for student in _names(one.student for one in points):
        mine = {(one.place.dataset, one.place.teacher): one for one in points if one.student == student}
        there = [name for name in teachers if any(teacher == name for _, teacher in mine)]
        common = [
            dataset
            for dataset in _names(dataset for dataset, _ in mine)
            if all((dataset, name) in mine and mine[dataset, name].value is not None for name in there)
        ]
        for name in there if common else []:
            chosen = [mine[dataset, name] for dataset in common]
            values = [one.value or 0.0 for one in chosen]
            half = math.sqrt(sum(((one.high or 0) - (one.low or 0)) ** 2 for one in chosen)) / 2 / len(chosen)
            value = sum(values) / len(values)
            place = chosen[0].place
            merged.append(
                Point(
                    place, student, "accuracy", value, None, 1, 1, None, max(0.0, value - half), min(1.0, value + half)
                )
            )
    figure, panels = _panels(1, (6.0, 3.2))
    if merged:
        _bar_panel(panels[0], merged, teachers)
    panels[0].set_ylabel("mean over levels and datasets (%)", fontsize=8)
    _legend(figure, panels)
    return figure


def _two_maps(points: Sequence[Point]) -> Figure:
    """Students by datasets: bare answers at the left, the mean over levels at the right."""
    taught = [one for one in points if one.place.format != ANSWER_ONLY]
    bare = [one for one in points if one.place.format == ANSWER_ONLY]
    sides = [("answer only", bare), (f"{taught[0].place.teacher},\nmean over levels", taught)]
    students, datasets = _names(one.student for one in points), _names(one.place.dataset for one in points)
    figure, panels = plt.subplots(
        1,
        2,
        figsize=(max(_LEAST_WIDTH, 2.4 + 1.1 * len(datasets)), 1.2 + 0.32 * len(students)),
        sharey=True,
        squeeze=False,
    )
    for panel, (title, mine) in zip(panels[0], sides, strict=True):
        values = {(one.student, one.place.dataset): one for one in mine}
        _map(panel, students, datasets, values, digits=1)
        panel.set_title(title, fontsize=9)
    return figure


def _grid(points: Sequence[Point]) -> Figure:
    """Every cell that the study names: supervisions by students and datasets, hatched where nothing is there."""
    rows = _names(one.place.short for one in points)
    order = _names(one.place.dataset for one in points)
    sorted_points = sorted(points, key=lambda one: order.index(one.place.dataset))
    columns = _names(f"{one.place.dataset}  {one.student}" for one in sorted_points)
    values = {(one.place.short, f"{one.place.dataset}  {one.student}"): one for one in points}
    figure, panel = plt.subplots(figsize=(3.2 + 0.34 * len(columns), 2.4 + 0.22 * len(rows)))
    _map(panel, rows, columns, values, digits=0)
    panel.tick_params(axis="x", rotation=90)
    return figure


def _map(panel: Any, rows: list[str], columns: list[str], values: dict[tuple[str, str], Point], digits: int) -> None:
    shown = np.full((len(rows), len(columns)), np.nan)
    for (row, column), one in values.items():
        place = (rows.index(row), columns.index(column))
        if one.value is not None:
            shown[place] = 100 * one.value
    top = float(np.nanmax(shown)) if not np.isnan(shown).all() else 1.0
    panel.imshow(shown, cmap="cividis", vmin=0, vmax=max(top, 1e-9), aspect="auto")
    for y, row in enumerate(rows):
        for x, column in enumerate(columns):
            there = values.get((row, column))
            if there is None:
                continue
            if there.value is None:
                corner = (x - 0.5, y - 0.5)
                panel.add_patch(Rectangle(corner, 1, 1, fill=False, hatch="////", edgecolor="#999999", linewidth=0))
                continue
            color = "black" if shown[y, x] > 0.6 * top else "white"
            mark = "*" if there.is_partial else "‡" if "leaked" in there.marks else ""
            panel.text(
                x,
                y,
                f"{shown[y, x]:.{digits}f}{mark}",
                ha="center",
                va="center",
                fontsize=6 if digits else 5.5,
                color=color,
            )
    panel.set_xticks(range(len(columns)), columns, fontsize=6.5, rotation=45 if digits else 90)
    panel.set_yticks(range(len(rows)), rows, fontsize=6.5)
    for side in panel.spines.values():
        side.set_visible(False)
