"""A comparison of runs in words and tables: plain text, Markdown, CSV and LaTeX."""

from __future__ import annotations

from gradus.analysis.run_comparison import RunComparison, TaskComparison
from gradus.presentation.number import Number
from gradus.presentation.table import Cell, Table, csv_text
from gradus.statistics.measurements import Rows
from gradus.statistics.power import MOST_RUNS

# What a verdict speaks of, for people who compare files and no conditions of a study.
_REACH = {"conditions": "for other runs, and other items like these"}
_CSV = (
    *("task", "metric", "items", "clusters", "first", "runs_first", "sd_first", "second", "runs_second", "sd_second"),
    *("difference", "interval_low", "interval_high", "p", "p_adjusted", "margin", "p_within_margin", "verdict"),
    *("detectable", "effect", "runs_needed", "items_needed", "only_first", "only_second", "tipping_sd", "log_odds"),
    *("speaks_of", "notes"),
)


def to_text(found: RunComparison) -> str:
    """A paragraph per task, and what to know of the files."""
    blocks = [_sides(found, ": ")]
    for task in found.tasks:
        blocks.append(
            [f"{task.task} ({task.metric}, {_items(task)})", *(f"  {line}" for line in sentences(task, found))]
        )
        blocks[-1] += [f"  note: {note}" for note in task.notes]
    remarks = _remarks(found)
    return "\n\n".join("\n".join(block) for block in [*blocks, *([remarks] if remarks else [])]) + "\n"


def to_markdown(found: RunComparison) -> str:
    """A heading, the table, and the sentences of every task."""
    first, second = found.names
    parts = [f"# {first} against {second}", "\n".join(f"- {line}" for line in _sides(found, ": "))]
    parts.append(table(found).markdown().rstrip("\n"))
    parts.append(note(found))
    for task in found.tasks:
        lines = [*sentences(task, found), *(f"Note: {note}." for note in task.notes)]
        parts.append(f"## {task.task}\n\n" + "\n".join(f"- {line}" for line in lines))
    parts += _remarks(found)
    return "\n\n".join(parts) + "\n"


def to_csv(found: RunComparison) -> str:
    """A line per task; scores and differences as shares from 0 to 1, first minus second."""
    return csv_text(_CSV, [_values(task, found) for task in found.tasks], form=".6g")


def to_latex(found: RunComparison) -> str:
    """The table for a paper."""
    return table(found).latex()


def table(found: RunComparison) -> Table:
    """A row per task."""
    first, second = found.names
    heads = [
        "task",
        "items",
        f"{first} (runs)",
        f"{second} (runs)",
        f"{first} − {second}, 95 % interval",
        "p",
        "verdict",
    ]
    rows: list[list[Cell]] = [
        [
            task.task,
            _items(task, short=True),
            _mean(task.first),
            _mean(task.second),
            points(task),
            p_text(task.p_adjusted),
            verdict(task, found),
        ]
        for task in found.tasks
    ]
    caption = f"{first} against {second}: scores in percent, differences in points."
    return Table(heads, rows, align="lrrrrrl", caption=caption, note=note(found), label="comparison")


def note(found: RunComparison) -> str:
    """How the table is to be read."""
    adjusted = f" p is adjusted over {found.decided} tasks (Holm)." if found.decided > 1 else ""
    single = " p of a task with one run speaks of these answers alone." if found.decided < len(found.tasks) else ""
    return f"Items and runs are crossed, and paired by item.{adjusted}{single}"


def points(task: TaskComparison) -> Number:
    """The difference with its interval."""
    interval = task.contrast.interval()
    return Number(interval.value, interval.low, interval.high, unit="points")


def verdict(task: TaskComparison, found: RunComparison) -> str:
    """The verdict with the names of both sides."""
    within = f"within {size(task.margin)}"
    if task.verdict == "alike":
        return f"alike {within}"
    if task.verdict in ("too few data", "one run: no verdict"):
        return task.verdict
    better = found.names[0 if task.verdict == "first is better" else 1]
    return f"{better} is better" + (f", {within}" if task.is_small else "")


def sentences(task: TaskComparison, found: RunComparison) -> list[str]:
    """What was seen, what it says, and what more would take."""
    first, second = found.names
    seen = f"{first} {_mean(task.first)}, {second} {_mean(task.second)}: {points(task)} points"
    if task.contrast.one_run:
        return [f"{seen} in these answers, {_seen_p(task, found)}.", *_one_run(task, found)]
    adjusted = f", {p_text(task.p_adjusted)} after Holm over {found.decided} tasks" if found.decided > 1 else ""
    lines = [
        f"{seen}, p {p_text(task.contrast.p)}{adjusted}.",
        f"Verdict: {verdict(task, found)} ({_REACH.get(task.contrast.reach, task.contrast.reach)}).",
    ]
    if task.needs.detectable is not None and task.needs.detectable > 1:
        lines.append("So few runs and items find no difference at all as surely as in 80 % of cases.")
    elif task.needs.detectable is not None:
        lines.append(
            f"Smallest detectable difference: {size(task.needs.detectable)} (80 % power{_other_tasks(found)})."
        )
    lines.append(_needed(task))
    return lines


def _one_run(task: TaskComparison, found: RunComparison) -> list[str]:
    single = [name for name, side in zip(found.names, (task.first, task.second), strict=True) if side.runs < 2]
    whose = f"{' and '.join(single)} {'have' if len(single) > 1 else 'has'} one run"
    tipping = task.contrast.tipping_sd
    if tipping:
        holds = (
            f"it holds for other runs only if single runs vary by an sd below {size(tipping)}, which was not measured"
        )
    else:
        holds = "even for these answers it is not told from zero"
    lines = [f"{whose}: no verdict about the models. What was seen is one draw of each; {holds}."]
    if task.needs.items is not None:
        effect = size(task.needs.effect)
        what = (
            f"To tell a difference of {effect} in two fixed sets of answers takes about {task.needs.items:,} such items"
        )
        lines.append(f"{what} (80 % power); how many runs it takes, only two or more runs of each side can tell.")
    return lines


def _seen_p(task: TaskComparison, found: RunComparison) -> str:
    p = f"p {p_text(task.contrast.p)}"
    if task.contrast.discordant is None:
        return p
    only_first, only_second = task.contrast.discordant
    return (
        f"exact McNemar {p} ({only_first} items that only {found.names[0]} solves, {only_second} only {found.names[1]})"
    )


def _needed(task: TaskComparison) -> str:
    if task.needs.detectable is task.needs.runs is task.needs.items is None:
        return "What a difference takes cannot be told: one item, or scores that do not vary."
    effect, runs = size(task.needs.effect), min(task.first.runs, task.second.runs)
    by_runs = f"{task.needs.runs} runs a side" if task.needs.runs else f"more than {MOST_RUNS} runs a side"
    if task.needs.items:
        by_items = f"{runs} runs a side on {task.needs.items:,} such items"
    else:
        by_items = f"no number of items with {runs} runs a side: what runs vary is too much"
    return f"To find a true difference of {effect} as surely takes {by_runs} on these items, or {by_items}."


def _other_tasks(found: RunComparison) -> str:
    return f", beside {found.decided - 1} other task{'s' if found.decided > 2 else ''}" if found.decided > 1 else ""


def p_text(value: float) -> str:
    """A p-value for people."""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def size(share: float) -> str:
    """A difference in points."""
    return f"{100 * share:.1f}".removesuffix(".0") + " points"


def _mean(side: Rows) -> str:
    spread = "" if side.sd is None else f", sd {100 * side.sd:.1f}"
    return f"{100 * side.mean:.1f} ({side.runs}{spread})"


def _items(task: TaskComparison, short: bool = False) -> str:
    count = f"{task.contrast.n or task.first.scores.shape[1]}" + ("" if short else " items")
    return count if task.contrast.groups is None else f"{count} in {task.contrast.groups} clusters"


def _sides(found: RunComparison, colon: str) -> list[str]:
    lines = []
    for name, sources in zip(found.names, found.sources, strict=True):
        shown = ", ".join(sources[:6]) + (f" and {len(sources) - 6} more" if len(sources) > 6 else "")
        lines.append(f"{name}{colon}{shown}")
    return lines


def _remarks(found: RunComparison) -> list[str]:
    remarks = [
        f"Only {name} has: {', '.join(tasks)}."
        for name, tasks in zip(found.names, (found.only_first, found.only_second), strict=True)
        if tasks
    ]
    return remarks + [f"Note: {note}." for note in found.notes]


def _values(task: TaskComparison, found: RunComparison) -> list[str | float | None]:
    contrast, interval = task.contrast, task.contrast.interval()
    discordant = contrast.discordant or (None, None)
    return [
        *(task.task, task.metric, task.first.scores.shape[1], contrast.groups),
        *(task.first.mean, task.first.runs, task.first.sd, task.second.mean, task.second.runs, task.second.sd),
        *(interval.value, interval.low, interval.high, contrast.p, task.p_adjusted),
        *(task.margin, task.p_small_adjusted, verdict(task, found)),
        *(task.needs.detectable, task.needs.effect, task.needs.runs, task.needs.items),
        *(*discordant, contrast.tipping_sd, contrast.log_odds, contrast.speaks_of, "; ".join(task.notes)),
    ]
