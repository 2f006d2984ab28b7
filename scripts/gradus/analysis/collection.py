"""Collection: the evidence of a study, from its metric files, teachers' answers, audits and training logs."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

import numpy as np

from gradus.analysis.evidence import Evidence
from gradus.analysis.recommendation import Cost
from gradus.analysis.rows import decoding_of
from gradus.records import Annotation, Cell, Problem, Supervision
from gradus.runtime.jsonl import read_json, read_records
from gradus.statistics.measurements import Measurement, Rows
from gradus.study import paths
from gradus.study.config import Study
from gradus.study.grid import accuracy_supervisions, cells


def collect(study: Study) -> Evidence:
    """Everything that was measured; item rows, so that comparisons are paired."""
    runs = _runs(cells(study))
    students: dict[tuple[Supervision, str], Measurement] = {**_rows(study, runs)}
    audit = read_json(paths.fill(paths.ANNOTATION_AUDIT, study.study))
    traits = {
        Supervision(*one["supervision"].split("/")): one["traits"] for one in audit["supervisions"] if one["traits"]
    }
    surprise = {key: fmean(_first_loss(study, cell) for cell in mine) for key, mine in runs.items()}
    return Evidence(students, teacher_answers(study), traits, surprise)


def measured(study: Study) -> dict[tuple[Supervision, str], Rows]:
    """Item rows of what has been scored by now."""
    there = [cell for cell in cells(study) if _scored(study, cell).exists()]
    return _rows(study, _runs(there))


def problems_of_test(study: Study, dataset: str) -> list[str]:
    """The test problems of a dataset, id and text, in order."""
    path = paths.fill(paths.PROBLEMS, study.study, dataset=dataset, split="test")
    return [f"{problem.id}: {problem.full_text}" for problem in read_records(path, Problem)]


def _runs(chosen: Sequence[Cell]) -> dict[tuple[Supervision, str], list[Cell]]:
    runs: dict[tuple[Supervision, str], list[Cell]] = defaultdict(list)
    for cell in chosen:
        runs[cell.supervision, cell.student].append(cell)
    return runs


def _rows(study: Study, runs: dict[tuple[Supervision, str], list[Cell]]) -> dict[tuple[Supervision, str], Rows]:
    return {key: Rows(np.array([outcomes(study, cell) for cell in mine])) for key, mine in runs.items()}


def _scored(study: Study, cell: Cell) -> Path:
    return Path(paths.fill(paths.SCORED, study.study, cell, decoding=decoding_of(study)))


def costs(study: Study) -> dict[tuple[Supervision, str], Cost]:
    """What every supervision costs each student; words where no teacher was asked over a network."""
    audit = read_json(paths.fill(paths.ANNOTATION_AUDIT, study.study))
    facts = {one["supervision"]: one for one in audit["supervisions"]}
    found = {}
    for cell in cells(study):
        key = (cell.supervision, cell.student)
        if key in found:
            continue
        one = facts[str(cell.supervision)]
        training_set = paths.fill(paths.manifest(paths.TRAINING_SET), study.study, cell)
        taught = read_json(training_set)
        metrics = read_json(paths.fill(paths.METRICS, study.study, cell, decoding=decoding_of(study)))
        found[key] = Cost(
            price_usd=one["price_usd"],
            teacher_tokens=one["output_tokens"] or round(one["words"]["mean"] * one["rows"], 1),
            training_tokens=round(taught["mean_tokens"] * taught["rows"], 1),
            answer_tokens=metrics["mean_completion_tokens"],
        )
    return found


def outcomes(study: Study, cell: Cell) -> list[float]:
    """The share of its samples with which a cell solved each problem, in the order of the test split."""
    path = _scored(study, cell)
    solved: dict[str, list[bool]] = defaultdict(list)
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        solved[row["problem_id"]].append(row["correct"])
    return [fmean(samples) for samples in solved.values()]


def teacher_answers(study: Study, only_there: bool = False) -> dict[Supervision, Measurement]:
    """What the teachers solve themselves, gold hidden; a problem without an answer is not solved.

    ``only_there`` passes over files that have not been made yet.
    """
    found: dict[Supervision, Measurement] = {}
    problems: dict[str, list[str]] = {}
    for place in accuracy_supervisions(study):
        written = Path(paths.fill(paths.TEACHER_ANSWERS, study.study, place))
        if only_there and not written.exists():
            continue
        if place.dataset not in problems:
            path = paths.fill(paths.PROBLEMS, study.study, dataset=place.dataset, split="test")
            problems[place.dataset] = [problem.id for problem in read_records(path, Problem)]
        answers = read_records(written, Annotation)
        found[place] = answered(answers, problems[place.dataset])
    return found


def answered(answers: Sequence[Annotation], problems: Sequence[str]) -> Rows:
    """A teacher's answers as item rows, a run per sample."""
    places = {name: place for place, name in enumerate(problems)}
    samples = 1 + max((answer.sample for answer in answers), default=0)
    scores = np.zeros((samples, len(problems)))
    for answer in answers:
        if answer.problem_id in places and answer.verdict == "agrees":
            scores[answer.sample, places[answer.problem_id]] = 1.0
    return Rows(scores)


def _first_loss(study: Study, cell: Cell) -> float:
    """The loss per target token at the first step, before any weight moved: on the same problems for every supervision."""
    with open(paths.fill(paths.TRACE, study.study, cell), encoding="utf-8") as stream:
        return float(json.loads(stream.readline())["loss"])
