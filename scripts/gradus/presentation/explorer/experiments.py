"""Experiments: what the explorer plots of each, with the numbers of its table; conditions that are not there yet are missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import nan
from statistics import fmean

from gradus.analysis.summaries import ConditionSummary, full_label, label, plain, summary, value
from gradus.presentation.explorer.facts import ExperimentFacts, PointFacts
from gradus.presentation.number import BASELINE, EXCERPT, LEAKED, MARKS, NO_END
from gradus.records import Supervision
from gradus.records.metrics import Metrics
from gradus.records.vocabulary import ANSWER_ONLY, UNTAUGHT
from gradus.results.store import Results
from gradus.study import paths
from gradus.study.config import Experiment
from gradus.study.config.axes import text_of
from gradus.study.grid import experiment_cells


def experiments(results: Results) -> list[ExperimentFacts]:
    """Every experiment with its question, axis and points."""
    return [
        {
            "name": name,
            "question": experiment.question,
            "axis": experiment.axis,
            # Lines lead from level to level and from value to value, and none from one format or teacher to another.
            "connected": experiment.axis not in ("format", "teacher"),
            "ticks": list(map(text_of, dict.fromkeys(experiment.points.values()))) if experiment.parameter else [],
            "points": _points(results, experiment),
        }
        for name, experiment in results.study.experiments.items()
    ]


def _points(results: Results, experiment: Experiment) -> list[PointFacts]:
    runs_wanted: dict[tuple[Supervision, str, str], int] = {}
    scored: dict[tuple[Supervision, str, str], list[Metrics]] = {}
    held: dict[tuple[Supervision, str, str], list[Metrics]] = {}
    endless: set[tuple[Supervision, str, str]] = set()
    for cell in experiment_cells(results.study, experiment):
        for decoding in experiment.decodings or [""]:
            key = (cell.supervision, cell.student, decoding)
            runs_wanted[key] = runs_wanted.get(key, 0) + 1
            metrics = results.find_metrics(cell, decoding or None)
            if metrics is not None:
                scored.setdefault(key, []).append(metrics)
                developed = results.find_metrics(cell, decoding or None, paths.DEVELOPMENT)
                if developed is not None:
                    held.setdefault(key, []).append(developed)
                if not results.has_learned_to_stop(cell):
                    endless.add(key)
    points: list[PointFacts] = []
    for key, wanted in runs_wanted.items():
        supervision, student, decoding = key
        is_there = key in scored
        row = summary(supervision, student, scored[key]) if is_there else _absent(supervision, student)
        row = replace(row, decoding=decoding, no_end=key in endless)
        point = _drawn(row, experiment, wanted)
        if is_there:
            _measure(point, row, held.get(key, ()))
        points.append(point)
    return points


def _absent(supervision: Supervision, student: str) -> ConditionSummary:
    return ConditionSummary(supervision, student, (), 0, nan, nan, nan, None, nan, nan, nan, nan, nan, False, False)


def _drawn(row: ConditionSummary, experiment: Experiment, runs_wanted: int) -> PointFacts:
    """In which panel, over which tick and on which line a condition is drawn, as in the experiment's figure."""
    dataset, student = row.supervision.dataset, row.student
    panel, is_baseline = dataset, False
    if experiment.parameter is not None:
        series = f"{plain(student, experiment)}, {full_label(row, experiment)}"
        panel, tick = plain(dataset, experiment), text_of(value(row, experiment))
    elif experiment.axis in ("student", "dataset"):
        panel, tick = (dataset, student) if experiment.axis == "student" else (student, dataset)
        series = full_label(row, experiment)
    else:
        tick, series = label(row.supervision, experiment), _series(row, experiment)
        is_baseline = tick not in getattr(experiment, f"{experiment.axis}s")
    return {
        "dataset": dataset,
        "supervision": row.supervision.short,
        "student": student,
        "runs_wanted": runs_wanted,
        "panel": panel,
        "tick": tick,
        "series": series,
        "is_baseline": is_baseline,
    }


def _series(row: ConditionSummary, experiment: Experiment) -> str:
    """The line that a condition is on: its student, and what else the experiment varies beside its axis."""
    supervision = row.supervision
    if supervision.format in (ANSWER_ONLY, UNTAUGHT) or supervision.short in experiment.baselines:
        return row.student
    varied = [
        str(getattr(supervision, axis))
        for axis in ("teacher", "format", "level")
        if axis != experiment.axis and len(getattr(experiment, f"{axis}s")) > 1
    ]
    return ", ".join([row.student, *varied])


def _measure(point: PointFacts, row: ConditionSummary, developed: Sequence[Metrics]) -> None:
    """Put what was measured to a point; ``developed`` are its runs on the development problems, on which a choice may be made."""
    marks = {BASELINE: not row.above_baselines, LEAKED: row.leaked, EXCERPT: row.excerpt, NO_END: row.no_end}
    point["accuracy"], point["low"], point["high"], point["sd"] = row.accuracy, row.low, row.high, row.seed_sd
    point["n"], point["runs"], point["frequent"] = row.n, len(row.seeds), row.most_frequent
    point["marks"] = "".join(MARKS[name].sign for name, is_so in marks.items() if is_so)
    if developed:
        point["development"] = fmean(run.accuracy for run in developed)
        point["development_n"] = developed[0].n
