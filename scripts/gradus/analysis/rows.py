"""From metric files to the rows that tables, figures and findings show."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from gradus.records import Supervision
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_json
from gradus.statistics.intervals import wilson
from gradus.study import paths
from gradus.study.config import Experiment, Study
from gradus.study.grid import experiment_cells


@dataclass(frozen=True)
class Row:
    """One condition: a supervision and a student over all seeds.

    ``accuracy`` is the mean over seeds; ``low`` and ``high`` are the Wilson interval for ``n`` problems (what another test
    set would give with these checkpoints); ``seed_sd`` is the standard deviation over seeds, None for one seed.
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

    @property
    def above_baselines(self) -> bool:
        """Whether the interval lies above a blind guess and above the most frequent answer."""
        return self.low > max(self.most_frequent, self.chance)


def decoding_of(study: Study) -> str:
    """The decoding that tables show: the first of the study file."""
    return next(iter(study.decodings))


def label(supervision: Supervision, experiment: Experiment) -> str:
    """How a condition is called in a table: its place on the axis, or its full name if it is a baseline."""
    if supervision.short in experiment.baselines:
        return "answer only" if supervision.format == "answer-only" else f"{supervision.teacher} {supervision.format}"
    return str(getattr(supervision, experiment.axis))


def rows(study: Study, experiment: Experiment) -> list[Row]:
    """All conditions of an experiment, in the order of the study file; UserError where a metric file is absent."""
    grouped: dict[tuple[Supervision, str], list[dict[str, Any]]] = defaultdict(list)
    for cell in experiment_cells(study, experiment):
        path = paths.fill(paths.METRICS, study.study, cell, decoding=decoding_of(study))
        grouped[cell.supervision, cell.student].append(read_json(path))
    return [_row(place, student, metrics) for (place, student), metrics in grouped.items()]


def _row(place: Supervision, student: str, metrics: list[dict[str, Any]]) -> Row:
    n = metrics[0]["n"]
    if any(metric["n"] != n for metric in metrics):
        raise UserError(f"the seeds of {place}/{student} were scored on different numbers of problems")
    accuracies = [metric["accuracy"] for metric in metrics]
    interval = wilson(round(fmean(accuracies) * n), n)
    return Row(
        supervision=place,
        student=student,
        seeds=tuple(metric["seed"] for metric in metrics),
        n=n,
        accuracy=fmean(accuracies),
        low=interval.low,
        high=interval.high,
        seed_sd=stdev(accuracies) if len(accuracies) > 1 else None,
        truncated=fmean(metric["truncated"] / (n * metric["samples"]) for metric in metrics),
        unparsable=fmean(metric["unparsable"] / (n * metric["samples"]) for metric in metrics),
        mean_tokens=fmean(metric["mean_completion_tokens"] for metric in metrics),
        most_frequent=metrics[0]["most_frequent_answer_accuracy"],
        chance=metrics[0]["chance_accuracy"],
        leaked=any(metric["leaked_training_rows"] for metric in metrics),
        excerpt=any(metric["excerpt"] for metric in metrics),
    )
