"""Tables of exhibits: Markdown for people and LaTeX for papers, missing numbers visible, the paper's numbers beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from gradus.presentation.exhibits.catalogue import EXHIBITS
from gradus.presentation.exhibits.points import Point, differs
from gradus.presentation.tables import signs, tex
from gradus.records.vocabulary import ANSWER_ONLY

MISSING = "–"
_MARKS = {"leaked": "‡", "excerpt": "§"}


@dataclass(frozen=True)
class Layout:
    """Points at their row and column; ``heads`` name the leading columns that tell a row."""

    heads: tuple[str, ...]
    columns: list[str]
    rows: Mapping[tuple[str, ...], Mapping[str, Point]]
    best_of: Literal["row", "column", "nothing"]
    about: str = ""

    def is_best(self, key: tuple[str, ...], column: str) -> bool:
        """Whether a number is the highest of its row, or of its column among rows that differ in the last head alone."""
        if self.best_of == "row":
            rivals = list(self.rows[key].values())
        elif self.best_of == "column":
            rivals = [row[column] for other, row in self.rows.items() if other[:-1] == key[:-1] and column in row]
        else:
            return False
        values = [one.value for one in rivals if one.value is not None]
        # Where all are equal none is best.
        return len(set(values)) > 1 and self.rows[key][column].value == max(values)


def layout(name: str, points: Sequence[Point]) -> Layout | None:
    """How a table exhibit lies; None for figures, whose points are listed."""
    chosen = {"table-1": _by_level, "table-10": _by_level, "table-2": _by_length, "table-3": _by_format}.get(name)
    return _without_constant_teacher(chosen(points)) if chosen else None


def _without_constant_teacher(shape: Layout) -> Layout:
    """One teacher in all rows is told once."""
    place = shape.heads.index("teacher")
    named = {key[place] for key in shape.rows}
    if len(named) != 1:
        return shape
    rows = {key[:place] + key[place + 1 :]: row for key, row in shape.rows.items()}
    heads = shape.heads[:place] + shape.heads[place + 1 :]
    return replace(shape, heads=heads, rows=rows, about=f"Teacher: {named.pop()}. ")


def _by_level(points: Sequence[Point]) -> Layout:
    bare = {(one.place.dataset, one.student): one for one in points if one.place.format == ANSWER_ONLY}
    rows: dict[tuple[str, ...], dict[str, Point]] = {}
    for one in points:
        if one.place.format != ANSWER_ONLY:
            row = rows.setdefault((one.place.dataset, one.place.teacher, one.student), {})
            row[one.place.level] = one
    for (dataset, _, student), row in rows.items():
        if (dataset, student) in bare:
            row["answer only"] = bare[dataset, student]
    found = {column for row in rows.values() for column in row}
    columns = [*(["answer only"] if "answer only" in found else []), *sorted(found - {"answer only"})]
    return Layout(("dataset", "teacher", "student"), columns, rows, "row")


def _by_length(points: Sequence[Point]) -> Layout:
    rows: dict[tuple[str, ...], dict[str, Point]] = {}
    for one in points:
        what = "accuracy" if one.measure == "accuracy" else "tokens"
        setting = one.place.level if one.place.format == "original" else f"{one.place.level} {one.place.format}"
        rows.setdefault((one.place.teacher, one.student, setting), {})[f"{one.place.dataset} {what}"] = one
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    return Layout(("teacher", "student", "rationales"), columns, rows, "nothing")


def _by_format(points: Sequence[Point]) -> Layout:
    rows: dict[tuple[str, ...], dict[str, Point]] = {}
    for one in points:
        place = one.place
        rows.setdefault((place.dataset, place.teacher, place.level, place.format), {})[one.student] = one
    columns = list(dict.fromkeys(one.student for one in points))
    return Layout(("dataset", "teacher", "level", "format"), columns, rows, "column")


def note(points: Sequence[Point], with_interval: bool = True) -> str:
    """How to read the numbers, and what of them is missing; ``with_interval``: each has its own beside it."""
    there = [one for one in points if one.value is not None]
    sizes: dict[str, set[int]] = {}
    for one in there:
        if one.n is not None:
            sizes.setdefault(one.place.dataset, set()).add(one.n)
    n = ", ".join(f"{name} {'/'.join(map(str, sorted(found)))}" for name, found in sizes.items())
    runs = sorted({one.runs for one in there if one.measure == "accuracy"})
    interval = (
        "[95 % interval] (Wilson, for these test problems; of means over levels, with runs and problems)"
        if with_interval
        else f"95 % intervals (Wilson, for these test problems) reach at most {100 * _reach(there):.1f} points to a side"
    )
    text = (
        f"Accuracy in percent, {interval}. "
        f"n: {n or 'none'}. Runs (seeds) per number: {' or '.join(map(str, runs)) or 'none'}"
    )
    has_spread = with_interval and any(one.sd is not None for one in there)
    text += "; ± is one standard deviation over them." if has_spread else "."
    absent = len(points) - len(there)
    if absent:
        text += f" PARTIAL: {absent} of {len(points)} numbers are missing ({MISSING})."
    if any(one.is_partial for one in there):
        text += " An asterisk marks numbers from fewer runs than the study asks for."
    if any("leaked" in one.marks for one in there):
        text += " A double dagger marks cells trained on test questions (allow_leakage)."
    if any("excerpt" in one.marks for one in there):
        text += " A section sign marks cells trained on an excerpt of the released file (allow_excerpt)."
    return text


def _reach(points: Sequence[Point]) -> float:
    """The longest side of any interval."""
    sides = [
        side
        for one in points
        if one.value is not None and one.low is not None and one.high is not None
        for side in (one.high - one.value, one.value - one.low)
    ]
    return max(sides, default=0.0)


def to_markdown(name: str, points: Sequence[Point]) -> str:
    """Title, question, table or list, note, and the printed numbers beside those of this study."""
    exhibit = EXHIBITS[name]
    lines = [f"# {exhibit.title}", "", exhibit.question, ""]
    shape = layout(name, points)
    if shape:
        lines += _row([*shape.heads, *shape.columns], head=len(shape.heads))
        for key, row in shape.rows.items():
            shown = [_shown(row.get(column), column in row and shape.is_best(key, column)) for column in shape.columns]
            lines += _row([*key, *shown])
    else:
        lines += _row(["dataset", "supervision", "student", "measure", "value", "runs", "n"], head=4)
        for one in points:
            known = ["", ""] if one.value is None else [str(one.runs), str(one.n or "")]
            lines += _row(
                [one.place.dataset, one.place.short, one.student or "(teacher)", one.measure, _shown(one), *known]
            )
    about = shape.about if shape else ""
    return "\n".join([*lines, "", about + note(points), *_beside(points)]) + "\n"


def _row(values: Sequence[str], head: int = 0) -> list[str]:
    line = "| " + " | ".join(values) + " |"
    return [line, "|" + "---|" * head + "---:|" * (len(values) - head)] if head else [line]


def _shown(one: Point | None, is_best: bool = False) -> str:
    if one is None:
        return ""
    if one.value is None:
        return MISSING
    if one.measure == "mean_tokens":
        return f"{one.value:.1f}"
    assert one.low is not None and one.high is not None
    spread = "" if one.sd is None else f" ± {100 * one.sd:.1f}"
    value = f"**{100 * one.value:.1f}**" if is_best else f"{100 * one.value:.1f}"
    return f"{value}{_marks(one)}{spread} [{100 * one.low:.1f}, {100 * one.high:.1f}]"


def _marks(one: Point) -> str:
    return ("*" if one.is_partial else "") + "".join(_MARKS.get(mark, "") for mark in one.marks)


def _beside(points: Sequence[Point]) -> list[str]:
    both = [one for one in points if one.beside is not None]
    if not both:
        return []
    tested = [one for one in both if one.beside and one.beside.difference is not None]
    apart = sum(differs(one.beside) for one in tested if one.beside)
    lines = [
        "",
        "## The paper and this run",
        "",
        f"{len(both)} of these numbers are printed in the paper too (arXiv 2502.18001). {apart} of {len(tested)} differ by more "
        f"than both are uncertain (95 %, each by itself: {0.05 * len(tested):.1f} would by chance).",
        "",
        *_row(
            ["dataset", "supervision", "student", "measure", "here (runs)", "paper (runs)", "difference", ""], head=4
        ),
    ]
    for one in both:
        assert one.beside is not None and one.value is not None
        scale = 1 if one.measure == "mean_tokens" else 100
        pair = [f"{scale * one.value:.1f} ({one.runs})", f"{scale * one.beside.value:.1f} ({one.beside.runs})"]
        told = f"{scale * (one.value - one.beside.value):+.1f}"
        if one.beside.difference is not None:
            interval = one.beside.difference.interval()
            told += f" [{100 * interval.low:+.1f}, {100 * interval.high:+.1f}]"
        place = [one.place.dataset, one.place.short, one.student or "(teacher)", one.measure]
        lines += _row([*place, *pair, told, "differs" if differs(one.beside) else ""])
    return lines


def to_latex(name: str, points: Sequence[Point]) -> str:
    """A booktabs table over the whole width; the best level of a student, or format of a level, is bold."""
    exhibit, shape = EXHIBITS[name], layout(name, points)
    assert shape is not None, f"{name} is a figure"
    with_interval = name != "table-1"
    lines = [
        r"\begin{table*}",
        r"\centering",
        r"\scriptsize\setlength{\tabcolsep}{2.5pt}",
        rf"\caption{{{tex(exhibit.question)} {tex(shape.about + note(points, with_interval))}}}",
        rf"\label{{tab:{name}}}",
        rf"\begin{{tabular}}{{{'l' * len(shape.heads)}{'r' * len(shape.columns)}}}",
        r"\toprule",
        " & ".join(tex(head) for head in [*shape.heads, *shape.columns]) + r" \\",
    ]
    before: tuple[str, ...] = ()
    for key, row in shape.rows.items():
        if key[:1] != before[:1]:
            lines.append(r"\midrule")
        same = [
            head if (position == 0 and key[:1] != before[:1]) or position else "" for position, head in enumerate(key)
        ]
        shown = [
            _latex(row.get(column), with_interval, column in row and shape.is_best(key, column))
            for column in shape.columns
        ]
        lines.append(" & ".join([*map(tex, same), *shown]) + r" \\")
        before = key
    return signs("\n".join([*lines, r"\bottomrule", r"\end{tabular}", r"\end{table*}"])) + "\n"


def _latex(one: Point | None, with_interval: bool, is_best: bool) -> str:
    if one is None:
        return ""
    if one.value is None:
        return "--"
    if one.measure == "mean_tokens":
        return f"{one.value:.1f}"
    assert one.low is not None and one.high is not None
    value = f"{100 * one.value:.1f}"
    value = rf"\textbf{{{value}}}" if is_best else value
    value += _marks(one)
    if with_interval:
        value += "" if one.sd is None else rf"{{\tiny ±{100 * one.sd:.1f}}}"
        value += rf" {{\tiny[{100 * one.low:.0f}, {100 * one.high:.0f}]}}"
    return value
