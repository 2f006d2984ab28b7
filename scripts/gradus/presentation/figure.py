"""Figures: one style, told apart without colour too, panels, legends and error bars. SVG and PDF, the same bytes each time."""

from __future__ import annotations

import io
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gradus.presentation.number import MISSING, Number
from gradus.runtime.atomic import atomic_writer

# Okabe and Ito's colour-blind safe palette, with a marker and a hatch each, so that greyscale prints can be read.
_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_HATCHES = ("", "//", "..", "xx", "\\\\", "++", "oo")
_LINES = ("-", "--", "-.", ":")
_SETTINGS: Any = {
    "svg.hashsalt": "gradus",
    "svg.fonttype": "none",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.constrained_layout.use": True,
}
_PER_ROW = 4
_LEGEND_ROWS = 2  # that a figure has room for
_ROW_HEIGHT = 0.19  # inches
LEAST_WIDTH = 4.5  # inches
_LETTERS_PER_INCH = 11  # of a title


@dataclass(frozen=True)
class Style:
    """How one series looks."""

    color: str
    marker: str
    hatch: str
    line: str


def style(position: int) -> Style:
    """The style of the series at a position; colours repeat after seven with another line."""
    turn, which = divmod(position, len(_COLORS))
    return Style(_COLORS[which], _MARKERS[which], _HATCHES[which], _LINES[turn % len(_LINES)])


@contextmanager
def styled() -> Iterator[None]:
    """Draw and save with the settings that all figures share."""
    with plt.rc_context(_SETTINGS):
        yield


def panels(count: int, size: tuple[float, float], **options: Any) -> tuple[Figure, list[Axes]]:
    """A figure of so many panels of a size in inches, four in a row."""
    columns = min(_PER_ROW, count)
    rows = math.ceil(count / columns)
    width = max(LEAST_WIDTH, size[0] * columns)
    figure, axes = plt.subplots(rows, columns, figsize=(width, size[1] * rows + 0.3), squeeze=False, **options)
    flat: list[Axes] = list(axes.flat)
    for empty in flat[count:]:
        empty.set_visible(False)
    return figure, flat[:count]


def finish(figure: Figure, axes: Sequence[Axes], y_label: str, from_zero: bool = False) -> None:
    """Label the vertical axis of every row, let all begin at zero, and explain all panels in one legend below them."""
    if from_zero:
        # After all is drawn: it fixes the top of the axis, which panels may share.
        for panel in axes:
            panel.set_ylim(bottom=0)
    for panel in axes[::_PER_ROW]:
        panel.set_ylabel(y_label, fontsize=8)
    entries = {label: handle for panel in axes for handle, label in zip(*panel.get_legend_handles_labels())}
    # Constrained layout makes no room for a legend that is too wide: it gets as many columns as fit.
    longest = max(map(len, entries), default=0)
    columns = max(1, min(len(entries), int(figure.get_figwidth() / (0.55 + 0.075 * longest))))
    rows = -(-len(entries) // columns)
    if rows > _LEGEND_ROWS:  # a long legend makes the figure taller, not its panels flatter
        figure.set_figheight(figure.get_figheight() + _ROW_HEIGHT * (rows - _LEGEND_ROWS))
    figure.legend(
        entries.values(), entries.keys(), loc="outside lower center", ncols=columns, frameon=False, fontsize=8
    )


def set_title(figure: Figure, title: str) -> None:
    """A title in as many lines as it needs."""
    figure.suptitle("\n".join(wrap(title, int(_LETTERS_PER_INCH * figure.get_figwidth()))), fontsize=10)


def draw_point(panel: Axes, x: float, number: Number, **options: Any) -> None:
    """A number as a point with its interval."""
    below, above = number.arms
    panel.errorbar(x, number.scaled, yerr=[[below], [above]], **{"linewidth": 0.8, "capsize": 1.5, **options})


def draw_lines(
    panel: Axes,
    ticks: Sequence[str],
    series: Mapping[str, Mapping[str, Number]],
    connected: Collection[str],
    baselines: Collection[str],
) -> None:
    """Numbers over ``ticks``, a line per series through the ``connected`` ones; baselines are hollow.

    A missing number breaks the line. Series stand side by side, so that their intervals can be read.
    """
    for position, (label, numbers) in enumerate(series.items()):
        look = style(position)
        shift = 0.07 * (position - (len(series) - 1) / 2)
        found = {tick: number for tick, number in numbers.items() if number.value is not None}
        line = [
            (x, found[tick].scaled if tick in found else math.nan) for x, tick in enumerate(ticks) if tick in connected
        ]
        panel.plot([x + shift for x, _ in line], [y for _, y in line], look.line, color=look.color, linewidth=1.2)
        for tick, number in found.items():
            face = "white" if tick in baselines else look.color
            draw_point(
                panel, ticks.index(tick) + shift, number, color=look.color, marker=look.marker, markersize=4.5,
                markerfacecolor=face, linestyle=look.line, label=label,
            )  # fmt: skip
    wrapped = ["\n".join(wrap(tick, 10, break_long_words=False)) for tick in ticks]
    panel.set_xticks(range(len(ticks)), wrapped, fontsize=7)
    panel.set_xlim(-0.5, len(ticks) - 0.5)


def draw_bars(panel: Axes, series: Mapping[str, Mapping[str, Number]], groups: Sequence[str]) -> None:
    """A bar per series in every group, a dash where a number is missing."""
    width = 0.8 / len(series)
    for position, (label, numbers) in enumerate(series.items()):
        look = style(position)
        for group, name in enumerate(groups):
            x = group + (position - (len(series) - 1) / 2) * width
            number = numbers.get(name, Number(None))
            if number.value is None:
                panel.text(x, 0, MISSING, ha="center", va="bottom", fontsize=7)
                continue
            panel.bar(x, number.scaled, width, color=look.color, hatch=look.hatch, ec="white", lw=0.4, label=label)
            draw_point(panel, x, number, color="black", linewidth=0.7)
    panel.set_xticks(range(len(groups)), groups, rotation=30, ha="right", fontsize=7)


def save(figure: Figure, path: str | Path) -> None:
    """Write SVG or PDF by suffix, whole or not at all, without a date inside."""
    picture = drawn(figure, Path(path).suffix.removeprefix("."))
    with atomic_writer(path) as stream:
        stream.write(picture)


def drawn(figure: Figure, form: str) -> bytes:
    """The same as bytes (``svg`` or ``pdf``); the figure is closed."""
    dates: dict[str, object] = {"svg": {"Date": None}, "pdf": {"CreationDate": None, "ModDate": None}}
    stream = io.BytesIO()
    with styled():
        figure.savefig(stream, format=form, metadata=dates[form])
    plt.close(figure)
    return stream.getvalue()
