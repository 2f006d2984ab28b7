"""A comparison of runs as one web page: the differences as a figure, the table, the sentences. It loads nothing from elsewhere.

The figure is made of the page's own text and lines, so that it can be read at the width of a phone, printed, and in the dark.
"""

from __future__ import annotations

import math
from html import escape

from gradus.analysis.run_comparison import RunComparison, TaskComparison
from gradus.presentation.pages import document, to_body
from gradus.presentation.run_comparison import points, size, to_markdown, verdict

_STYLE = """
.forest { margin: 1.5rem 0; max-width: 52rem; }
.forest > div { display: grid; grid-template-columns: 11rem 1fr 11.5rem; gap: 0 1rem; align-items: center; min-height: 2.6rem; }
.forest .task { overflow-wrap: anywhere; }
.forest .value { font-variant-numeric: tabular-nums; line-height: 1.25; }
.forest .value small { display: block; opacity: .8; }
.forest .plot { position: relative; height: 2.6rem; }
.forest .plot i { position: absolute; }
.forest .margin { top: 0; bottom: 0; background: color-mix(in srgb, currentColor 9%, transparent);
  border: dotted color-mix(in srgb, currentColor 40%, transparent); border-width: 0 1px; }
.forest .zero { top: 0; bottom: 0; border-left: 1.5px solid currentColor; opacity: .7; }
.forest .line { top: calc(50% - 1px); border-top: 2px solid var(--hue); }
.forest .dot { top: calc(50% - 6px); margin-left: -6px; border: 6px solid var(--hue); border-radius: 50%; }
.forest .open .dot { border-width: 2.5px; width: 7px; height: 7px; background: Canvas; }
.forest .open .line { border-top-style: dashed; }
.forest .plot { --hue: light-dark(#0072b2, #56b4e9); }
.forest .ticks { height: 1.6rem; border-top: 1px solid color-mix(in srgb, currentColor 50%, transparent); }
.forest .ticks span { position: absolute; transform: translateX(-50%); font-size: .8rem; top: .15rem; }
.forest > .axis { min-height: 0; padding: 0; }
.forest .ends { font-size: .8rem; display: flex; justify-content: space-between; }
.forest figcaption { font-size: .9rem; margin-top: .6rem; }
@media (max-width: 44rem) {
  .forest > div { grid-template-columns: 1fr; padding: .35rem 0; }
  th, td { white-space: nowrap; }
  .forest .plot { height: 1.7rem; margin: 0 .6rem; }
  .forest .value small { display: inline; margin-left: .6rem; }
}
"""
_TICKS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)


def to_page(found: RunComparison) -> str:
    """A complete HTML document."""
    first, second = found.names
    heading, rest = to_markdown(found).split("\n", 1)
    body = to_body(heading + "\n") + _figure(found) + to_body(rest)
    return document(body, f"{first} against {second}", _STYLE)


def _figure(found: RunComparison) -> str:
    """A row per task: the difference with its interval, zero, and the margin within which differences do not matter."""
    first, second = (escape(name) for name in found.names)
    intervals = [one.contrast.interval() for one in found.tasks]
    farthest = max(max(abs(one.low), abs(one.high)) for one in intervals)
    reach = min(1.0, 1.08 * max(farthest, max(one.margin for one in found.tasks)))
    rows = "".join(_row(one, found, reach) for one in found.tasks)
    step = next((tick for tick in _TICKS if reach / tick <= 4), 0.5)
    count = math.floor(reach / step + 1e-9)
    ticks = "".join(
        f'<span style="left:{_left(index * step, reach)}">{f"{100 * index * step:+g}" if index else "0"}</span>'
        for index in range(-count, count + 1)
    )
    ends = f'<span class="plot ends" style="height:auto"><span>← {second} better</span><span>{first} better →</span></span>'
    margin = size(found.tasks[0].margin)
    hollow = " Hollow with a dashed line: one run, so it speaks of these answers alone."
    single = hollow if found.decided < len(found.tasks) else ""
    caption = (
        f"{first} minus {second} in points, with 95 % intervals; the band is ± {margin}, which do not matter.{single}"
    )
    return (
        f'<figure class="forest">{rows}<div class="axis"><span></span><span class="plot ticks">{ticks}</span><span></span></div>'
        f'<div class="axis"><span></span>{ends}<span></span></div><figcaption>{caption}</figcaption></figure>\n'
    )


def _row(task: TaskComparison, found: RunComparison, reach: float) -> str:
    interval = task.contrast.interval()
    width = 50 * (interval.high - interval.low) / reach
    band = 100 * min(1.0, task.margin / reach)
    look = "plot open" if task.contrast.one_run else "plot"
    shown = escape(f"{task.task}: {points(task)} points, {verdict(task, found)}", quote=True)
    marks = (
        f'<i class="margin" style="left:{50 - band / 2:.2f}%;width:{band:.2f}%"></i><i class="zero" style="left:50%"></i>'
        f'<i class="line" style="left:{_left(interval.low, reach)};width:{width:.2f}%"></i>'
        f'<i class="dot" style="left:{_left(interval.value, reach)}"></i>'
    )
    return (
        f'<div><span class="task">{escape(task.task)}</span><span class="{look}" role="img" aria-label="{shown}">{marks}</span>'
        f'<span class="value">{points(task)}<small>{escape(verdict(task, found))}</small></span></div>'
    )


def _left(value: float, reach: float) -> str:
    return f"{50 + 50 * value / reach:.2f}%"
