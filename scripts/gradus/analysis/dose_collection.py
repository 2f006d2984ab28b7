"""Dose series of a study: what was measured over the values of each key that an experiment varies."""

from __future__ import annotations

from collections.abc import Mapping

from gradus.analysis.clusters import ProblemClusters
from gradus.analysis.evidence import DoseSeries
from gradus.analysis.item_rows import item_rows
from gradus.records import Cell
from gradus.results.store import Results
from gradus.statistics.measurements import Measurement, Rows, Summary
from gradus.study.config import Experiment
from gradus.study.config.axes import are_numbers, in_order, text_of
from gradus.study.grid import experiment_cells, is_untaught


def dose_series(results: Results) -> list[DoseSeries]:
    """A series for every condition of an experiment over numbers, each once; values that are no numbers have no order."""
    known = ProblemClusters(results)
    found: dict[tuple[str, str], DoseSeries] = {}
    for experiment in results.study.experiments.values():
        if experiment.parameter is not None and are_numbers(experiment.values):
            for series in _of(results, experiment, known):
                found.setdefault((series.axis, f"{series.subject} {list(series.measured)}"), series)
    return list(found.values())


def _of(results: Results, experiment: Experiment, known: ProblemClusters) -> list[DoseSeries]:
    axis, points = experiment.parameter, experiment.points
    assert axis is not None
    runs: dict[tuple[str, str], dict[str, list[tuple[Cell, str | None]]]] = {}
    for cell in experiment_cells(results.study, experiment):
        if is_untaught(cell.supervision):
            continue
        names = {
            "dataset": cell.supervision.dataset,
            "teacher": cell.supervision.teacher,
            "transform": cell.supervision.format,
            "recipe": cell.student,
        }
        decodings = experiment.decodings if axis.kind == "decoding" else [None]
        for decoding in decodings:
            name = decoding if decoding is not None else names[axis.kind]
            if name in points:
                what = "/".join(axis.without(one) for one in cell.supervision.short.split("/"))
                dataset, student = (axis.without(one) for one in (cell.supervision.dataset, cell.student))
                subject = ", ".join([dataset, student, what])
                if decoding is not None and len({axis.without(one) for one in experiment.decodings}) > 1:
                    subject += f", {axis.without(decoding)}"
                runs.setdefault((subject, dataset), {}).setdefault(text_of(points[name]), []).append((cell, decoding))
    values = [text_of(value) for value in in_order(experiment.values)]
    found = []
    for (subject, dataset), cells in runs.items():
        measured: dict[str, Measurement] = {
            value: item_rows(results, [cell for cell, _ in cells[value]], known, decoding=cells[value][0][1])
            for value in values
            if value in cells
        }
        asked = {cells[value][0][0].supervision.dataset for value in measured}
        same = len({_questions(results, name) for name in asked}) == 1
        found.append(DoseSeries(experiment.axis, subject, dataset, measured if same else _unpaired(measured)))
    return found


def _questions(results: Results, dataset: str) -> tuple[str, ...]:
    return tuple(problem.question for problem in results.problems(dataset, "test"))


def _unpaired(measured: Mapping[str, Measurement]) -> dict[str, Measurement]:
    """Where the key decides the test problems too: means and standard deviations over runs, which pair no problems."""
    return {
        value: Summary(one.mean, one.sd, one.runs, one.n) if isinstance(one, Rows) else one
        for value, one in measured.items()
    }
