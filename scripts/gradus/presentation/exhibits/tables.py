"""Tables of exhibits: which points lie at which row and column, how to read them, and the paper's numbers behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal

from gradus.presentation import difference
from gradus.presentation.difference import Difference
from gradus.presentation.exhibits.catalogue import EXHIBITS
from gradus.presentation.exhibits.points import MEAN, Point
from gradus.presentation.number import MISSING, Number, explanations
from gradus.presentation.table import Cell, Table, csv_text
from gradus.records.vocabulary import ANSWER_ONLY
from gradus.runtime.markdown import one_line

_COLUMNS = ("dataset", "teacher", "format", "level", "student", "measure", "value", "sd", "runs", "runs_asked", "n")
_PUBLISHED = (
    "published",
    "published_runs",
    "published_in",
    "difference",
    "difference_low",
    "difference_high",
    "differs",
)


@dataclass(frozen=True)
class _Grid:
    """Points by the names of their row and by their column."""

    heads: tuple[str, ...]
    columns: list[str]
    rows: Mapping[tuple[str, ...], Mapping[str, Point]]
    bold: Literal["row", "column", "none"]


def to_csv(points: Sequence[Point]) -> str:
    """One line per number; empty values are missing ones."""
    return csv_text(
        [*_COLUMNS, "interval_low", "interval_high", "marks", *_PUBLISHED],
        [
            [
                *(
                    point.supervision.dataset,
                    point.supervision.teacher,
                    point.supervision.format,
                    point.supervision.level,
                ),
                *(point.student, point.measure, _exact(number, number.value), _exact(number, number.sd)),
                *(number.runs, number.runs_asked, number.n, number.low, number.high, " ".join(number.marks)),
                *_published_values(point),
            ]
            for point in points
            for number in [point.number]
        ],
    )


def _exact(number: Number, value: float | None) -> float | str | None:
    """Tokens to two digits, shares to the four of the file."""
    return f"{value:.2f}" if number.unit == "tokens" and value is not None else value


def _published_values(point: Point) -> list[str | float | None]:
    published = point.published
    if published is None:
        return [None] * len(_PUBLISHED)
    number = published.number
    return [_exact(number, number.value), number.runs, published.table, *difference.csv_values(published.contrast)]


def to_markdown(name: str, points: Sequence[Point]) -> str:
    """Title, question, table or list, note, and the printed numbers beside those of this study."""
    exhibit = EXHIBITS[name]
    table = layout(name, points) or _listing(points)
    parts = [f"# {exhibit.title}", one_line(exhibit.question), f"{table.markdown()}\n{table.note}"]
    return "\n\n".join([*parts, *_comparison(points)]) + "\n"


def to_latex(name: str, points: Sequence[Point]) -> str:
    """A booktabs table over the whole width; what may be the best level of a student, or format of a level, is bold."""
    table = layout(name, points, with_intervals=name != "table-1")
    assert table is not None, f"{name} is a figure"
    return table.latex()


def layout(name: str, points: Sequence[Point], with_intervals: bool = True) -> Table | None:
    """The table of an exhibit; None for figures, whose points are listed. One teacher in all rows is named once, in the note."""
    chosen = {"table-1": _by_level, "table-10": _by_level, "table-2": _by_length, "table-3": _by_format}.get(name)
    if chosen is None:
        return None
    grid = chosen(points)
    about = ""
    position = grid.heads.index("teacher")
    teachers = {names[position] for names in grid.rows}
    if len(teachers) == 1:
        about = f"Teacher: {teachers.pop()}. "
        rows = {names[:position] + names[position + 1 :]: row for names, row in grid.rows.items()}
        grid = replace(grid, heads=grid.heads[:position] + grid.heads[position + 1 :], rows=rows)
    return Table(
        [*grid.heads, *grid.columns],
        [
            [*names, *(row[column].number if column in row else None for column in grid.columns)]
            for names, row in grid.rows.items()
        ],
        names=len(grid.heads),
        bold=grid.bold,
        caption=EXHIBITS[name].question,
        label=name,
        note=about + note(points, with_intervals),
        wide=True,
        latex_intervals=with_intervals,
    ).explained


def _by_level(points: Sequence[Point]) -> _Grid:
    rows: dict[tuple[str, ...], dict[str, Point]] = {}
    bare = {
        (point.supervision.dataset, point.student): point for point in points if point.supervision.format == ANSWER_ONLY
    }
    for point in points:
        supervision, student = point.supervision, point.student
        if supervision.format != ANSWER_ONLY:
            row = rows.setdefault((supervision.dataset, supervision.teacher, student), {})
            row[supervision.level] = point
            if (supervision.dataset, student) in bare:
                row["answer only"] = bare[supervision.dataset, student]
    columns = sorted(
        {column for row in rows.values() for column in row}, key=lambda name: (name != "answer only", name)
    )
    return _Grid(("dataset", "teacher", "student"), columns, rows, "row")


def _by_length(points: Sequence[Point]) -> _Grid:
    rows: dict[tuple[str, ...], dict[str, Point]] = {}
    for point in points:
        supervision = point.supervision
        column = f"{supervision.dataset} {'accuracy' if point.measure == 'accuracy' else 'tokens'}"
        padded = "" if supervision.format == "original" else f" {supervision.format}"
        rows.setdefault((supervision.teacher, point.student, supervision.level + padded), {})[column] = point
    columns = list(dict.fromkeys(chain.from_iterable(rows.values())))
    return _Grid(("teacher", "student", "rationales"), columns, rows, "none")


def _by_format(points: Sequence[Point]) -> _Grid:
    rows: dict[tuple[str, ...], dict[str, Point]] = {}
    for point in points:
        supervision = point.supervision
        rows.setdefault((supervision.dataset, supervision.teacher, supervision.level, supervision.format), {})[
            point.student
        ] = point
    columns = list(dict.fromkeys(point.student for point in points))
    return _Grid(("dataset", "teacher", "level", "format"), columns, rows, "column")


def _listing(points: Sequence[Point]) -> Table:
    rows: list[list[Cell]] = [
        [*point.condition, number, *(("", "") if number.value is None else (str(number.runs), str(number.n or "")))]
        for point in points
        for number in [point.number]
    ]
    heads = ["dataset", "supervision", "student", "measure", "value", "runs", "n"]
    return Table(heads, rows, names=4, note=note(points))


def note(points: Sequence[Point], with_intervals: bool = True) -> str:
    """How to read the numbers, and what of them is missing; ``with_intervals``: each has its own beside it."""
    there = [point for point in points if point.number.value is not None]
    numbers = [point.number for point in there]
    sizes: dict[str, set[int]] = {}
    for point in there:
        if point.number.n is not None:
            sizes.setdefault(point.supervision.dataset, set()).add(point.number.n)
    n = ", ".join(f"{name} {'/'.join(map(str, sorted(found)))}" for name, found in sizes.items())
    runs = sorted({point.number.runs for point in there if point.measure == "accuracy"})
    longest = max((arm for number in numbers for arm in number.arms), default=0.0)
    interval = (
        "[95 % interval] (Wilson, for these test problems; of means over levels, with runs and problems)"
        if with_intervals
        else f"95 % intervals (Wilson, for these test problems) reach at most {longest:.1f} points to a side"
    )
    spread = _spread(there) if with_intervals else ""
    text = (
        f"Accuracy in percent, {interval}. "
        f"n: {n or 'none'}. Runs (seeds) per number: {' or '.join(map(str, runs)) or 'none'}"
        f"{spread}."
    )
    absent = len(points) - len(there)
    if absent:
        text += f" PARTIAL: {absent} of {len(points)} numbers are missing ({MISSING})."
    return text + explanations(numbers)


def _spread(points: Sequence[Point]) -> str:
    """What ± says: runs differ where a number has several, levels where it is a mean over them."""
    over = [
        name
        for name, is_mean in (("runs", False), ("the levels of a mean", True))
        if any(point.number.sd is not None and (point.supervision.level == MEAN) == is_mean for point in points)
    ]
    return f"; ± is one standard deviation over {' or '.join(over)}" if over else ""


def _comparison(points: Sequence[Point]) -> list[str]:
    """The section on what the paper prints too; nothing where it prints nothing."""
    printed = [
        Difference(point.condition, point.number, point.published.number, point.published.contrast)
        for point in points
        if point.published is not None
    ]
    if not printed:
        return []
    contrasts = [row.contrast for row in printed if row.contrast is not None]
    heads = ["dataset", "supervision", "student", "measure", "here (runs)", "paper (runs)", "difference", ""]
    return [
        "## The paper and this run",
        f"{len(printed)} of these numbers are printed in the paper too (arXiv 2502.18001). {difference.summary(contrasts)}",
        difference.table(heads, printed).markdown().rstrip("\n"),
    ]
