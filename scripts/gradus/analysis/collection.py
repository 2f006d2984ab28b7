"""Collection: the evidence of a study, from its scores, teachers' answers, audits and training logs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean

import numpy as np

from gradus.analysis.clusters import ProblemClusters
from gradus.analysis.dose_collection import dose_series
from gradus.analysis.evidence import Evidence
from gradus.analysis.item_rows import item_rows
from gradus.analysis.recommendation import Cost
from gradus.records import Annotation, Cell, Condition, Supervision
from gradus.records.fits import Fit
from gradus.records.metrics import Metrics
from gradus.results.store import Results
from gradus.statistics.measurements import Measurement, Rows
from gradus.study import paths
from gradus.study.config import Study
from gradus.study.grid import accuracy_supervisions, cells, is_untaught, trained, transfers


def collect(results: Results) -> Evidence:
    """Everything that was measured; item rows, so that comparisons are paired. UserError where a file is absent."""
    runs = _runs(_in_order(results.study))
    traits = {
        Supervision(*audit["supervision"].split("/")): audit["traits"]
        for audit in results.annotation_audit()["supervisions"]
        if audit["traits"]
    }
    # The loss at the first step is one before any weight moved, on the same problems for every supervision.
    surprise = {
        key: fmean(results.trace(cell)[0]["loss"] for cell in seeds)
        for key, seeds in runs.items()
        if not is_untaught(key[0])
    }
    margins = results.study.margins
    with_development = {key: seeds for key, seeds in runs.items() if results.study.datasets[key[0].dataset].development}
    return Evidence(
        _measurements(results, runs),
        teacher_measurements(results),
        traits,
        surprise,
        margins,
        _measurements(results, with_development, paths.DEVELOPMENT),
        {key: _baseline(results.metrics(seeds[0])) for key, seeds in runs.items()},
        dose_series(results),
        _transferred(results, runs),
        fits(results) if results.study.student_fits else {},
    )


def fits(results: Results) -> dict[Condition, Fit]:
    """How natural every supervision is to every student that learns from it, in the order of the study's names."""
    return {key: results.fit(*key) for key in _runs(_in_order(results.study)) if not is_untaught(key[0])}


def _baseline(metrics: Metrics) -> float:
    return max(metrics.most_frequent_answer_accuracy, metrics.chance_accuracy)


def _in_order(study: Study) -> list[Cell]:
    """All cells in an order that does not depend on how they are dealt to experiments: that of the study's names."""
    datasets, teachers, students = list(study.datasets), list(study.teachers), list(study.students)
    return sorted(
        cells(study),
        key=lambda cell: (
            datasets.index(cell.supervision.dataset),
            teachers.index(cell.supervision.teacher),
            str(cell.supervision),
            students.index(cell.student),
            cell.seed,
        ),
    )


def measured(results: Results) -> dict[Condition, Measurement]:
    """Item rows of what has been scored by now, by supervision and student."""
    return _measurements(results, _runs(cell for cell in cells(results.study) if results.has_metrics(cell)))


def _runs(chosen: Iterable[Cell]) -> dict[Condition, list[Cell]]:
    runs: dict[Condition, list[Cell]] = {}
    for cell in chosen:
        runs.setdefault((cell.supervision, cell.student), []).append(cell)
    return runs


def _measurements(
    results: Results, runs: Mapping[Condition, Sequence[Cell]], problems: str = paths.TEST
) -> dict[Condition, Measurement]:
    known = ProblemClusters(results)
    return {key: item_rows(results, seeds, known, problems) for key, seeds in runs.items()}


def _transferred(results: Results, runs: Mapping[Condition, Sequence[Cell]]) -> dict[str, dict[Condition, Measurement]]:
    """What was solved of other datasets' test problems, by the dataset that was asked: the runs that were asked it."""
    asked = transfers(results.study, results.study.experiments.values())
    known = ProblemClusters(results)
    found: dict[str, dict[Condition, Measurement]] = {}
    for key, seeds in runs.items():
        for problems in dict.fromkeys(name for cell in seeds for name in asked.get(cell, ())):
            mine = [cell for cell in seeds if problems in asked.get(cell, ())]
            dataset, _ = paths.split_of(key[0].dataset, problems)
            found.setdefault(dataset, {})[key] = item_rows(results, mine, known, problems)
    return found


def costs(results: Results) -> dict[Condition, Cost]:
    """What every supervision costs each student; words where no teacher was asked over a network."""
    audits = {audit["supervision"]: audit for audit in results.annotation_audit()["supervisions"]}
    found = {}
    for (supervision, student), (first, *_) in _runs(trained(cells(results.study))).items():
        audit = audits[str(supervision)]
        examples = results.training_set_manifest(first)
        found[supervision, student] = Cost(
            price_usd=audit["price_usd"],
            teacher_tokens=audit["output_tokens"] or round(audit["words"]["mean"] * audit["rows"], 1),
            training_tokens=round(examples["mean_tokens"] * examples["rows"], 1),
            answer_tokens=results.metrics(first).mean_completion_tokens,
        )
    return found


def teacher_measurements(results: Results, only_there: bool = False) -> dict[Supervision, Measurement]:
    """What the teachers solve themselves, gold hidden; a problem without an answer is not solved.

    ``only_there`` passes over files that have not been made yet.
    """
    found: dict[Supervision, Measurement] = {}
    problems: dict[str, list[str]] = {}
    known = ProblemClusters(results)
    for supervision in accuracy_supervisions(results.study):
        answers = results.find_teacher_answers(supervision) if only_there else results.teacher_answers(supervision)
        if not answers:
            continue
        dataset = supervision.dataset
        if dataset not in problems:
            problems[dataset] = [problem.id for problem in results.problems(dataset, "test")]
        rows = answered(answers, problems[dataset])
        found[supervision] = replace(rows, clusters=known.of(dataset, "test", len(problems[dataset])))
    return found


def answered(answers: Sequence[Annotation], problems: Sequence[str]) -> Rows:
    """A teacher's answers as item rows, a run per sample."""
    columns = {name: column for column, name in enumerate(problems)}
    samples = 1 + max((answer.sample for answer in answers), default=0)
    scores = np.zeros((samples, len(problems)))
    for answer in answers:
        if answer.problem_id in columns and answer.verdict == "agrees":
            scores[answer.sample, columns[answer.problem_id]] = 1.0
    return Rows(scores)
