"""Experiments as exhibits: the table and the figure of one experiment, from the summaries of its conditions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from matplotlib.figure import Figure

from gradus.analysis.summaries import ConditionSummary, label
from gradus.presentation.figure import draw_lines, finish, panels, styled
from gradus.presentation.number import BASELINE, EXCERPT, LEAKED, MARKS, NO_END, Number, explanations
from gradus.presentation.table import Table, csv_text
from gradus.records.vocabulary import UNTAUGHT
from gradus.study.config import Experiment


def accuracy(row: ConditionSummary) -> Number:
    """The accuracy of a condition."""
    marks = {BASELINE: not row.above_baselines, LEAKED: row.leaked, EXCERPT: row.excerpt, NO_END: row.no_end}
    runs = len(row.seeds)
    found = tuple(name for name, is_so in marks.items() if is_so)
    return Number(row.accuracy, row.low, row.high, row.seed_sd, row.n, runs, runs, found)


def to_csv(rows: Sequence[ConditionSummary]) -> str:
    """One line per condition, shares between 0 and 1."""
    lines = [
        asdict(row.supervision)
        | {"student": row.student, "seeds": " ".join(map(str, row.seeds)), "n": row.n, "accuracy": row.accuracy}
        | {"interval_low": row.low, "interval_high": row.high, "seed_sd": row.seed_sd}
        | {"truncated": row.truncated, "unparsable": row.unparsable, "mean_completion_tokens": row.mean_tokens}
        | {"most_frequent_answer_accuracy": row.most_frequent, "chance_accuracy": row.chance}
        | {"above_baselines": row.above_baselines, "trained_on_leaked_questions": row.leaked}
        | {"trained_on_excerpt": row.excerpt, "end_not_learned": row.no_end}
        for row in rows
    ]
    return csv_text(list(lines[0]), [list(line.values()) for line in lines])


def experiment_table(name: str, experiment: Experiment, rows: Sequence[ConditionSummary]) -> Table:
    """Students as columns, conditions as rows."""
    students = list(dict.fromkeys(row.student for row in rows))
    grouped: dict[tuple[str, str], dict[str, Number]] = {}
    for row in rows:
        condition = (row.supervision.dataset, _full_label(row, experiment))
        grouped.setdefault(condition, {})[row.student] = accuracy(row)
    return Table(
        ["dataset", "supervision", *students],
        [[*condition, *map(numbers.get, students)] for condition, numbers in grouped.items()],
        names=2,
        bold="column",
        caption=experiment.question,
        label=name,
        note=note(rows),
    ).explained


def _full_label(row: ConditionSummary, experiment: Experiment) -> str:
    """The label of a condition, with all else in which the conditions of the experiment differ."""
    name = label(row.supervision, experiment)
    for axis in ("teacher", "format", "level"):
        value = getattr(row.supervision, axis)
        is_varied = axis != experiment.axis and len(getattr(experiment, f"{axis}s")) > 1
        is_bare = name == "answer only" or row.supervision.format == UNTAUGHT
        if is_varied and value not in name and not is_bare:
            name = f"{name}, {value}"
    return name


def note(rows: Sequence[ConditionSummary]) -> str:
    """How to read the numbers: unit, interval, n, seeds, baselines, signs."""
    n, seeds = min(row.n for row in rows), len(rows[0].seeds)
    frequent = max(row.most_frequent for row in rows)
    chance = max(row.chance for row in rows)
    dagger = MARKS[BASELINE].sentence
    text = (
        f"Accuracy in percent with 95 % Wilson intervals, n = {n} test problems, {seeds} seed{'s' if seeds > 1 else ''}. "
        f"Always giving the most frequent training answer scores {100 * frequent:.1f}, a blind guess {100 * chance:.1f}; "
        f"{dagger[0].lower()}{dagger[1:]} Which difference could be found at all stands with each claim of the findings."
    )
    if seeds == 1:
        text += " One seed: two cells compare two checkpoints, not two conditions."
    return text + explanations(map(accuracy, rows))


def experiment_figure(experiment: Experiment, rows: Sequence[ConditionSummary]) -> Figure:
    """Accuracy with intervals along the axis, one line per student, one panel per dataset; baselines stand apart."""
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
            panel.axhline(frequent, color="#777777", linewidth=0.8, linestyle=":")
            panel.annotate(
                "most frequent answer",
                (len(ticks) - 0.5, frequent),
                fontsize=7,
                color="#555555",
                ha="right",
                va="bottom",
            )
            panel.set_title(dataset)
            panel.set_xlabel("granularity level" if experiment.axis == "level" else experiment.axis)
        finish(figure, axes, "accuracy (%), 95 % interval", from_zero=True)
    return figure
