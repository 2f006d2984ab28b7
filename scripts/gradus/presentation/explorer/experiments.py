"""Experiments: what the explorer plots of each, with the numbers of its table; conditions that are not there yet are missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import nan
from statistics import fmean
from typing import Any

from gradus.analysis.summaries import ConditionSummary, full_label, label, plain, summary, value
from gradus.presentation.number import BASELINE, EXCERPT, LEAKED, MARKS, NO_END
from gradus.records import Supervision
from gradus.records.metrics import Metrics
from gradus.records.vocabulary import ANSWER_ONLY, UNTAUGHT
from gradus.results.store import Results
from gradus.study import paths
from gradus.study.config import Experiment
from gradus.study.config.axes import text_of
from gradus.study.grid import experiment_cells


def experiments(results: Results) -> list[dict[str, Any]]:
    """Every experiment with its question, axis and points, as plain JSON."""
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


def _points(results: Results, experiment: Experiment) -> list[dict[str, Any]]:
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
    points = []
    for key, wanted in runs_wanted.items():
        supervision, student, decoding = key
        is_there = key in scored
        row = summary(supervision, student, scored[key]) if is_there else _absent(supervision, student)
        row = replace(row, decoding=decoding, no_end=key in endless)
        condition = {"dataset": supervision.dataset, "supervision": supervision.short, "student": student}
        measured = _measured(row) | _developed(held.get(key, ())) if is_there else {}
        points.append(condition | {"runs_wanted": wanted} | _where(row, experiment) | measured)
    return points


def _absent(supervision: Supervision, student: str) -> ConditionSummary:
    return ConditionSummary(supervision, student, (), 0, nan, nan, nan, None, nan, nan, nan, nan, nan, False, False)


def _where(row: ConditionSummary, experiment: Experiment) -> dict[str, Any]:
    """In which panel, over which tick and on which line a condition is drawn, as in the experiment's figure."""
    dataset, student = row.supervision.dataset, row.student
    if experiment.parameter is not None:
        line = f"{plain(student, experiment)}, {full_label(row, experiment)}"
        tick = text_of(value(row, experiment))
        return {"panel": plain(dataset, experiment), "tick": tick, "series": line, "is_baseline": False}
    if experiment.axis in ("student", "dataset"):
        panel, tick = (dataset, student) if experiment.axis == "student" else (student, dataset)
        return {"panel": panel, "tick": tick, "series": full_label(row, experiment), "is_baseline": False}
    tick = label(row.supervision, experiment)
    is_baseline = tick not in getattr(experiment, f"{experiment.axis}s")
    return {"panel": dataset, "tick": tick, "series": _series(row, experiment), "is_baseline": is_baseline}


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


def _developed(runs: Sequence[Metrics]) -> dict[str, Any]:
    """The mean over runs on the development problems, on which a choice may be made; nothing where the dataset keeps none."""
    return {"development": fmean(run.accuracy for run in runs), "development_n": runs[0].n} if runs else {}


def _measured(row: ConditionSummary) -> dict[str, Any]:
    marks = {BASELINE: not row.above_baselines, LEAKED: row.leaked, EXCERPT: row.excerpt, NO_END: row.no_end}
    return {
        "accuracy": row.accuracy,
        "low": row.low,
        "high": row.high,
        "sd": row.seed_sd,
        "n": row.n,
        "runs": len(row.seeds),
        "frequent": row.most_frequent,
        "marks": "".join(MARKS[name].sign for name, is_so in marks.items() if is_so),
    }
