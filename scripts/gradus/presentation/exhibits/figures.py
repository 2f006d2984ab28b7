"""Figures of exhibits: what is missing is drawn as missing, and said in the title."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from gradus.presentation.exhibits.catalogue import EXHIBITS
from gradus.presentation.exhibits.points import MEAN, Point
from gradus.presentation.figure import (
    LEAST_WIDTH,
    draw_bars,
    draw_lines,
    draw_point,
    finish,
    panels,
    set_title,
    style,
    styled,
)
from gradus.presentation.number import Number
from gradus.records.vocabulary import ANSWER_ONLY, NATIVE
from gradus.statistics.correlations import Correlation, within_groups

_BARE = "answer only"


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
    absent = sum(point.number.value is None for point in points)
    with styled():
        figure = chosen(points)
        title = EXHIBITS[name].title + (f"  (PARTIAL: {absent} of {len(points)} numbers missing)" if absent else "")
        set_title(figure, title)
    return figure


def _names(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _datasets(points: Iterable[Point]) -> list[str]:
    return _names(point.supervision.dataset for point in points)


def _students(points: Iterable[Point]) -> list[str]:
    return _names(point.student for point in points)


def _curves(points: Sequence[Point]) -> Figure:
    """Accuracy over levels, a line per student, a panel per dataset; bare answers stand at the left."""
    levels = sorted({point.supervision.level for point in points if point.supervision.format != ANSWER_ONLY})
    ticks = [_BARE, *levels] if any(point.supervision.format == ANSWER_ONLY for point in points) else levels
    figure, axes = panels(len(_datasets(points)), (3.1, 2.6))
    for panel, dataset in zip(axes, _datasets(points), strict=True):
        series: dict[str, dict[str, Number]] = {student: {} for student in _students(points)}
        for point in points:
            if point.supervision.dataset == dataset:
                is_bare = point.supervision.format == ANSWER_ONLY
                series[point.student][_BARE if is_bare else point.supervision.level] = point.number
        draw_lines(panel, ticks, series, connected=levels, baselines=[_BARE])
        panel.set_title(dataset, fontsize=9)
    finish(figure, axes, "accuracy (%), 95 % interval", from_zero=True)
    return figure


def _scatter(points: Sequence[Point]) -> Figure:
    """A student's accuracy over its teacher's own, a panel per student, a mark per dataset; r pooled and within datasets."""
    own = {(point.supervision, point.student): point.number for point in points if point.measure == "teacher_accuracy"}
    taught = [point for point in points if point.measure == "accuracy"]
    figure, axes = panels(len(_students(taught)), (3.1, 3.0))
    for panel, student in zip(axes, _students(taught), strict=True):
        pairs = []
        for point in (point for point in taught if point.student == student):
            dataset = point.supervision.dataset
            teacher = own.get((point.supervision, student)) or own.get((point.supervision, "")) or Number(None)
            if point.number.value is None or teacher.value is None:
                continue
            look = style(_datasets(taught).index(dataset))
            below, above = teacher.arms
            draw_point(
                panel, teacher.scaled, point.number, xerr=[[below], [above]], color=look.color, marker=look.marker,
                markersize=5, linewidth=0.4, capsize=0, alpha=0.85, label=dataset,
            )  # fmt: skip
            pairs.append((dataset, teacher.scaled, point.number.scaled))
        panel.set_title(f"{student}\n{_correlations(pairs)}", fontsize=8)
        panel.set_xlabel("teacher's own accuracy (%), gold hidden", fontsize=8)
    finish(figure, axes, "student's accuracy (%)")
    return figure


def _correlations(pairs: Sequence[tuple[str, float, float]]) -> str:
    lines = [f"{len(pairs)} points"]
    if len(pairs) > 2:
        datasets, x, y = zip(*pairs, strict=True)
        inside = within_groups(datasets, x, y)
        if len(set(datasets)) > 1 and inside.spread is not None:
            lines.insert(0, f"within datasets {_correlation(inside)}")
        lines.insert(0, f"r = {_correlation(within_groups(['all'] * len(pairs), x, y))}")
    return "\n".join(lines)


def _correlation(found: Correlation) -> Number:
    return Number(found.r, found.interval.low, found.interval.high, unit="correlation")


def _bars(points: Sequence[Point]) -> Figure:
    """Mean over levels per teacher, groups of bars per student, a panel per dataset."""
    teachers = _names(point.supervision.teacher for point in points)
    figure, axes = panels(len(_datasets(points)), (3.4, 2.6))
    for panel, dataset in zip(axes, _datasets(points), strict=True):
        own = [point for point in points if point.supervision.dataset == dataset]
        series: dict[str, dict[str, Number]] = {teacher: {} for teacher in teachers}
        for point in own:
            series[point.supervision.teacher][point.student] = point.number
        draw_bars(panel, series, _students(own))
        panel.set_title(dataset, fontsize=9)
    finish(figure, axes, f"accuracy (%), {_levels(points)}")
    return figure


def _levels(points: Iterable[Point]) -> str:
    """Over which levels the numbers of a figure are."""
    there = _names(point.levels for point in points if point.number.value is not None)
    controlled = [levels for levels in there if levels != NATIVE] or there
    if len(controlled) != 1 or controlled[0] == MEAN:
        return "mean over the levels that all have"
    return f"mean over {controlled[0].replace('+', ', ')}" if "+" in controlled[0] else controlled[0]


def _bars_over_datasets(points: Sequence[Point]) -> Figure:
    """Per teacher and student the mean over the datasets that all its teachers have; named where students differ in them."""
    teachers = _names(point.supervision.teacher for point in points)
    series: dict[str, dict[str, Number]] = {teacher: {} for teacher in teachers}
    over: dict[str, list[str]] = {}
    for student in _students(points):
        own = {(p.supervision.dataset, p.supervision.teacher): p.number for p in points if p.student == student}
        there = [teacher for teacher in teachers if any(teacher == name for _, name in own)]
        common = [
            dataset
            for dataset in _names(dataset for dataset, _ in own)
            if all((dataset, teacher) in own and own[dataset, teacher].value is not None for teacher in there)
        ]
        for teacher in there if common else []:
            series[teacher][student] = _mean([own[dataset, teacher] for dataset in common])
            over[student] = common
    figure, axes = panels(1, (6.0, 3.2))
    if over:
        draw_bars(axes[0], series, list(over))
    if len({tuple(common) for common in over.values()}) > 1:
        names = [f"{student}\n({', '.join(common)})" for student, common in over.items()]
        axes[0].set_xticks(range(len(names)), names, rotation=30, ha="right", fontsize=7)
    datasets = next(iter(over.values()), [])
    finish(figure, axes, f"accuracy (%), {_levels(points)}" + ("; mean over datasets" if len(datasets) > 1 else ""))
    return figure


def _mean(numbers: Sequence[Number]) -> Number:
    """The mean of independent numbers; the widths of their intervals add up in squares."""
    value = sum(number.value or 0.0 for number in numbers) / len(numbers)
    half = math.sqrt(sum(((number.high or 0) - (number.low or 0)) ** 2 for number in numbers)) / 2 / len(numbers)
    return Number(value, max(0.0, value - half), min(1.0, value + half))


def _two_maps(points: Sequence[Point]) -> Figure:
    """Students by datasets: bare answers at the left, the mean over levels at the right, in one scale of colours."""
    taught = [point for point in points if point.supervision.format != ANSWER_ONLY]
    bare = [point for point in points if point.supervision.format == ANSWER_ONLY]
    students, datasets = _students(points), _datasets(points)
    size = (max(LEAST_WIDTH, 2.4 + 1.1 * len(datasets)) / 2, 0.9 + 0.32 * len(students))
    figure, axes = panels(2, size, sharey=True)
    sides = {_BARE: bare, f"{taught[0].supervision.teacher},\n{_levels(taught)}": taught}
    top = _highest(point.number for point in points)
    for panel, (title, side) in zip(axes, sides.items(), strict=True):
        numbers = {(point.student, point.supervision.dataset): point.number for point in side}
        _draw_map(panel, students, datasets, numbers, top, digits=1)
        panel.set_title(title, fontsize=9)
    _explain_colors(figure, axes)
    return figure


def _grid(points: Sequence[Point]) -> Figure:
    """Every cell that the study names: supervisions by students and datasets, hatched where nothing is there."""
    rows = _names(point.supervision.short for point in points)
    numbers = {
        (point.supervision.short, f"{dataset}  {point.student}"): point.number
        for dataset in _datasets(points)
        for point in points
        if point.supervision.dataset == dataset
    }
    columns = _names(column for _, column in numbers)
    figure, axes = panels(1, (3.2 + 0.34 * len(columns), 2.1 + 0.22 * len(rows)))
    _draw_map(axes[0], rows, columns, numbers, _highest(numbers.values()), digits=0)
    _explain_colors(figure, axes)
    return figure


def _highest(numbers: Iterable[Number]) -> float:
    """The top of the scale of colours that all panels of a figure share."""
    return max((number.scaled for number in numbers if number.value), default=1.0)


def _explain_colors(figure: Figure, axes: Sequence[Axes]) -> None:
    bar = figure.colorbar(axes[0].images[0], ax=list(axes), fraction=0.04, pad=0.02)
    bar.ax.tick_params(labelsize=6.5)
    bar.set_label("accuracy (%)", fontsize=7)
    bar.outline.set_visible(False)


def _draw_map(
    panel: Axes,
    rows: list[str],
    columns: list[str],
    numbers: Mapping[tuple[str, str], Number],
    top: float,
    digits: int,
) -> None:
    """Numbers as coloured squares with their signs, hatched where one is missing, blank where nobody asked for it."""
    scaled = np.array([[numbers.get((row, column), Number(None)).scaled for column in columns] for row in rows])
    panel.imshow(scaled, cmap="cividis", vmin=0, vmax=top, aspect="auto")
    for (row, column), number in numbers.items():
        x, y = columns.index(column), rows.index(row)
        if number.value is None:
            corner = (x - 0.5, y - 0.5)
            panel.add_patch(Rectangle(corner, 1, 1, fill=False, hatch="////", edgecolor="#999999", linewidth=0))
            continue
        color = "black" if number.scaled > 0.6 * top else "white"
        text = f"{number.scaled:.{digits}f}{number.signs}"
        panel.text(x, y, text, ha="center", va="center", fontsize=6 if digits else 5.5, color=color)
    panel.set_xticks(range(len(columns)), columns, fontsize=6.5, rotation=45 if digits else 90)
    panel.set_yticks(range(len(rows)), rows, fontsize=6.5)
    for side in panel.spines.values():
        side.set_visible(False)
