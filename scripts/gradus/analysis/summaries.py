"""Summaries: one record per condition of an experiment, from its metric files, as tables, figures and findings show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev

from gradus.analysis.clusters import ProblemClusters
from gradus.analysis.item_rows import item_rows
from gradus.analysis.sensitivity import chosen, order_changes
from gradus.records import Cell, Condition, Supervision
from gradus.records.metrics import Metrics
from gradus.records.vocabulary import ANSWER_ONLY, NATIVE, UNTAUGHT
from gradus.results.store import Results
from gradus.results.weights import weights_of
from gradus.runtime.errors import UserError
from gradus.statistics.intervals import wilson
from gradus.study import paths
from gradus.study.config import Experiment, is_point
from gradus.study.config.axes import Value
from gradus.study.grid import experiment_cells, trained


@dataclass(frozen=True)
class ConditionSummary:
    """One condition: a supervision and a student over all seeds.

    ``accuracy`` is the mean over seeds; ``low`` and ``high`` are the Wilson interval for ``n`` problems (what another test
    set would give with these checkpoints); ``seed_sd`` is the standard deviation over seeds, None for one seed. ``truncated``
    and ``unparsable`` are shares of all texts, ``mean_tokens`` those of a text. ``no_end``: a seed has not learned to stop;
    ``decoding``: how the texts were written, where the experiment varies that (else empty: the main one). In a sweep:
    ``development``, the accuracy on development problems where there are some; ``chosen``: its student's value was; and the
    supervisions whose order with it changes with the value. ``weights``: how many the student has, where that can be told.
    """

    supervision: Supervision
    student: str
    seeds: tuple[int, ...]
    n: int
    accuracy: float
    low: float
    high: float
    seed_sd: float | None
    truncated: float
    unparsable: float
    mean_tokens: float
    most_frequent: float
    chance: float
    leaked: bool
    excerpt: bool
    no_end: bool = False
    decoding: str = ""
    development: float | None = None
    chosen: bool = False
    order_changes_with: tuple[Supervision, ...] = ()
    weights: int | None = None

    @property
    def above_baselines(self) -> bool:
        """Whether the interval lies above a blind guess and above the most frequent answer."""
        return self.low > max(self.most_frequent, self.chance)


def value(row: ConditionSummary, experiment: Experiment) -> Value:
    """The value of a condition on the axis of an experiment that varies a key; None where it has none."""
    axis, supervision = experiment.parameter, row.supervision
    if axis is None:
        return None
    named = {"dataset": supervision.dataset, "teacher": supervision.teacher, "transform": supervision.format}
    return experiment.points.get({**named, "recipe": row.student, "decoding": row.decoding}[axis.kind])


def plain(name: str, experiment: Experiment) -> str:
    """A name without its values on the experiment's axis and in its sweep, which are told beside it."""
    return experiment.plain(name)


def label(supervision: Supervision, experiment: Experiment) -> str:
    """How a condition is called in a table: its value on the axis, or its full name if it is a baseline.

    Where the axis is a key its value stands beside, and the condition is called by its level, the first of what it is.
    """
    if supervision.format == UNTAUGHT:
        return "untaught" if supervision.teacher == "none" else f"untaught {supervision.teacher}"
    if supervision.short in experiment.baselines:
        return "answer only" if supervision.format == ANSWER_ONLY else f"{supervision.teacher} {supervision.format}"
    if experiment.axis in ("student", "dataset") or experiment.parameter is not None:
        return plain(supervision.format, experiment) if supervision.level == NATIVE else supervision.level
    return str(getattr(supervision, experiment.axis))


def full_label(row: ConditionSummary, experiment: Experiment) -> str:
    """The label of a condition, with all else in which the conditions of the experiment differ."""
    name = label(row.supervision, experiment)
    for axis in ("teacher", "format", "level"):
        own = plain(getattr(row.supervision, axis), experiment)
        is_varied = (
            axis != experiment.axis and len({plain(one, experiment) for one in getattr(experiment, f"{axis}s")}) > 1
        )
        is_bare = name == "answer only" or row.supervision.format == UNTAUGHT
        if is_varied and own not in name and not is_bare:
            name = f"{name}, {own}"
    return name


def summaries(results: Results, experiment: Experiment) -> list[ConditionSummary]:
    """All conditions of an experiment, in the order of the study file; UserError where a metric file is absent."""
    grouped: dict[tuple[Supervision, str, str], list[Metrics]] = {}
    endless: set[tuple[Supervision, str, str]] = set()
    for cell in experiment_cells(results.study, experiment):
        for decoding in experiment.decodings or [""]:
            key = (cell.supervision, cell.student, decoding)
            grouped.setdefault(key, []).append(results.metrics(cell, decoding or None))
            if not results.has_learned_to_stop(cell):
                endless.add(key)
    weights = {student: weights_of(results, student) for _, student, _ in grouped}
    rows = [
        replace(summary(*key[:2], seeds), no_end=key in endless, decoding=key[2], weights=weights[key[1]])
        for key, seeds in grouped.items()
    ]
    return _swept(results, experiment, rows) if experiment.sweep else rows


def _swept(results: Results, experiment: Experiment, rows: Sequence[ConditionSummary]) -> list[ConditionSummary]:
    """The same with what a sweep tells: what was chosen on which problems, and whose order changes."""
    runs: dict[Condition, list[Cell]] = {}
    for cell in trained(experiment_cells(results.study, experiment)):
        runs.setdefault((cell.supervision, cell.student), []).append(cell)
    known = ProblemClusters(results)
    changes = order_changes({key: item_rows(results, cells, known) for key, cells in runs.items()})
    held: dict[Condition, float] = {
        key: fmean(results.metrics(cell, problems=paths.DEVELOPMENT).accuracy for cell in cells)
        for key, cells in runs.items()
        if results.study.datasets[key[0].dataset].development is not None
    }
    tested = {(row.supervision, row.student): row.accuracy for row in rows if not is_point(row.decoding)}
    best = chosen({key: held.get(key, tested[key]) for key in runs})
    return [
        replace(
            row,
            development=held.get((row.supervision, row.student)),
            chosen=(row.supervision.dataset, row.student) in best,
            order_changes_with=changes.get((row.supervision, row.student), ()),
        )
        for row in rows
    ]


def swept_values(row: ConditionSummary, experiment: Experiment) -> dict[str, Value]:
    """By key of the sweep, the value of a condition; empty where nothing is swept."""
    return {key: values[row.student] for key, values in experiment.swept.items() if row.student in values}


def summary(supervision: Supervision, student: str, seeds: Sequence[Metrics]) -> ConditionSummary:
    """One condition from the metrics of its seeds; UserError where they were scored on different numbers of problems."""
    n = seeds[0].n
    if any(metrics.n != n for metrics in seeds):
        raise UserError(f"the seeds of {supervision}/{student} were scored on different numbers of problems")
    accuracies = [metrics.accuracy for metrics in seeds]
    accuracy = fmean(accuracies)
    interval = wilson(round(accuracy * n), n)
    return ConditionSummary(
        supervision=supervision,
        student=student,
        seeds=tuple(metrics.seed for metrics in seeds),
        n=n,
        accuracy=accuracy,
        low=interval.low,
        high=interval.high,
        seed_sd=stdev(accuracies) if len(accuracies) > 1 else None,
        truncated=fmean(metrics.truncated / (n * metrics.samples) for metrics in seeds),
        unparsable=fmean(metrics.unparsable / (n * metrics.samples) for metrics in seeds),
        mean_tokens=fmean(metrics.mean_completion_tokens for metrics in seeds),
        most_frequent=seeds[0].most_frequent_answer_accuracy,
        chance=seeds[0].chance_accuracy,
        leaked=any(metrics.leaked_training_rows for metrics in seeds),
        excerpt=any(metrics.excerpt for metrics in seeds),
    )
