"""Experiments as exhibits: the table of one experiment, from the summaries of its conditions; ``experiment_figures`` draws it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from gradus.analysis.summaries import ConditionSummary, full_label, plain, swept_values, value
from gradus.presentation.number import BASELINE, CHOSEN, EXCERPT, LEAKED, MARKS, NO_END, ORDER, Number, explanations
from gradus.presentation.table import Table, csv_text
from gradus.study.config import Experiment, base_of
from gradus.study.config.axes import text_of
from gradus.study.grid import is_untaught


def accuracy(row: ConditionSummary) -> Number:
    """The accuracy of a condition."""
    marks = {BASELINE: not row.above_baselines, LEAKED: row.leaked, EXCERPT: row.excerpt, NO_END: row.no_end}
    marks |= {CHOSEN: row.chosen, ORDER: bool(row.order_changes_with)}
    runs = len(row.seeds)
    found = tuple(name for name, is_so in marks.items() if is_so)
    return Number(row.accuracy, row.low, row.high, row.seed_sd, row.n, runs, runs, found)


def to_csv(rows: Sequence[ConditionSummary], experiment: Experiment) -> str:
    """One line per condition, shares between 0 and 1; with the value on the axis where a key is varied."""
    lines = [
        asdict(row.supervision)
        | {"student": row.student, "seeds": " ".join(map(str, row.seeds)), "n": row.n, "accuracy": row.accuracy}
        | {"interval_low": row.low, "interval_high": row.high, "seed_sd": row.seed_sd}
        | {"truncated": row.truncated, "unparsable": row.unparsable, "mean_completion_tokens": row.mean_tokens}
        | {"most_frequent_answer_accuracy": row.most_frequent, "chance_accuracy": row.chance}
        | {"above_baselines": row.above_baselines, "trained_on_leaked_questions": row.leaked}
        | {"trained_on_excerpt": row.excerpt, "end_not_learned": row.no_end, "weights": row.weights}
        | ({experiment.axis: text_of(value(row, experiment))} if experiment.parameter else {})
        | ({"development_accuracy": row.development, "chosen": row.chosen} if experiment.sweep else {})
        | ({"order_changes_with": " ".join(one.short for one in row.order_changes_with)} if experiment.sweep else {})
        | {key: text_of(one) for key, one in swept_values(row, experiment).items()}
        for row in rows
    ]
    return csv_text(list(lines[0]), [list(line.values()) for line in lines])


def experiment_table(name: str, experiment: Experiment, rows: Sequence[ConditionSummary]) -> Table:
    """Students as columns, conditions as rows; the value on the axis stands in a column of its own where a key is varied."""
    students = list(dict.fromkeys(plain(row.student, experiment) for row in rows))
    grouped: dict[tuple[str, ...], dict[str, Number]] = {}
    is_told = bool(experiment.parameter or experiment.sweep)
    for row in rows:
        values = [text_of(value(row, experiment))] if experiment.parameter else []
        values += map(text_of, swept_values(row, experiment).values())
        condition = (plain(row.supervision.dataset, experiment), full_label(row, experiment), *values)
        grouped.setdefault(condition, {})[plain(row.student, experiment)] = accuracy(row)
    heads = ["dataset", "supervision", *([experiment.axis] if experiment.parameter else []), *experiment.swept]
    # What was written with several decodings, or at several values, belongs together.
    order = {condition[:2]: index for index, condition in reversed(list(enumerate(grouped)))}
    lines = sorted(grouped, key=lambda condition: order[condition[:2]]) if is_told else list(grouped)
    return Table(
        [*heads, *students],
        [[*condition, *map(grouped[condition].get, students)] for condition in lines],
        names=len(heads),
        bold="column",
        caption=experiment.question,
        label=name,
        note=note(rows),
    ).explained


def note(rows: Sequence[ConditionSummary]) -> str:
    """How to read the numbers: unit, interval, n, seeds, baselines, signs; and how large the students are."""
    # The untaught student has one run, whatever seeds the others have.
    runs = [len(row.seeds) for row in rows if not is_untaught(row.supervision)] or [1]
    fewest, most = min(runs), max(runs)
    seeds = f"{fewest} to {most} seeds" if fewest < most else f"{most} seed{'s' if most > 1 else ''}"
    dagger = MARKS[BASELINE].sentence
    text = (
        f"Accuracy in percent with 95 % Wilson intervals, {_problems(rows)}, {seeds}. {_baselines(rows)}; "
        f"{dagger[0].lower()}{dagger[1:]} Which difference could be found at all stands with each claim of the findings."
    )
    if fewest == 1:
        text += " One seed: two cells compare two checkpoints, not two conditions."
    weights = {base_of(row.student): row.weights for row in rows if row.weights is not None}
    told = ", ".join(f"{student} {count:,}" for student, count in weights.items())
    return text + explanations(map(accuracy, rows)) + (f" Weights: {told}." if told else "")


def _by_dataset(rows: Sequence[ConditionSummary]) -> dict[str, list[ConditionSummary]]:
    found: dict[str, list[ConditionSummary]] = {}
    for row in rows:
        found.setdefault(row.supervision.dataset, []).append(row)
    return found


def _problems(rows: Sequence[ConditionSummary]) -> str:
    """How many test problems the accuracies are of; by dataset where they differ."""
    counts = {name: min(row.n for row in own) for name, own in _by_dataset(rows).items()}
    if len(set(counts.values())) == 1:
        return f"n = {min(counts.values())} test problems"
    return "test problems: " + ", ".join(f"n = {n} ({dataset})" for dataset, n in counts.items())


def _baselines(rows: Sequence[ConditionSummary]) -> str:
    """What the most frequent training answer and a blind guess score; by dataset where they differ."""
    scores = {
        name: (f"{100 * max(row.most_frequent for row in own):.1f}", f"{100 * max(row.chance for row in own):.1f}")
        for name, own in _by_dataset(rows).items()
    }
    if len(set(scores.values())) == 1:
        frequent, chance = next(iter(scores.values()))
        return f"Always giving the most frequent training answer scores {frequent}, a blind guess {chance}"
    told = (f"{frequent} and {chance} ({dataset})" for dataset, (frequent, chance) in scores.items())
    return f"Always giving the most frequent training answer, and a blind guess, score {', '.join(told)}"
