"""Collection: what the explorer shows, read from whatever files of a study are there.

``shown_problems`` picks the same problems of a dataset for every cell, by the hashes of their ids: a sample that neither
grows with the study nor depends on what was solved.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gradus.analysis.rows import decoding_of
from gradus.records import Cell, Prediction, Problem, Scored
from gradus.runtime.atomic import sha256_bytes
from gradus.runtime.jsonl import read_json, read_records
from gradus.study import paths
from gradus.study.config import Study
from gradus.study.grid import asked_cells, is_missing

SAMPLES = 20
CURVE_POINTS = 60
LONGEST_TEXT = 4000
_METRICS = ("n", "samples", "accuracy", "interval_low", "interval_high", "strict_accuracy", "truncated", "unparsable")
_FACTS = ("mean_completion_tokens", "most_frequent_answer_accuracy", "chance_accuracy", "training_examples")


def shown_problems(problems: Sequence[Problem]) -> list[Problem]:
    """The problems whose texts are shown, in the order of the split."""
    chosen = set(sorted((problem.id for problem in problems), key=lambda one: sha256_bytes(one.encode()))[:SAMPLES])
    return [problem for problem in problems if problem.id in chosen]


def collect(study: Study) -> dict[str, Any]:
    """Everything but the predictions: axes, experiments, cells, problems, claims, audits; all of it plain JSON."""
    found = asked_cells(study)
    audit = _json(paths.fill(paths.ANNOTATION_AUDIT, study.study)) or {"supervisions": [], "stale_exemplars": []}
    costs = {one["supervision"]: one for one in audit["supervisions"]}
    axes = {
        axis: list(dict.fromkeys(str(cell.wildcards()[axis]) for cell in found))
        for axis in ("dataset", "teacher", "format", "level", "student", "seed")
    }
    axes["level"].sort(key=lambda name: (name == "native", name))
    return {
        "study": study.study,
        "about": study.about,
        "decoding": decoding_of(study),
        "axes": axes,
        "experiments": [
            {"name": name, "question": experiment.question, "axis": experiment.axis}
            for name, experiment in study.experiments.items()
        ],
        "cells": [_cell(study, cell, costs.get(str(cell.supervision))) for cell in found],
        "problems": {name: [_problem(one) for one in problems(study, name)] for name in study.datasets},
        "claims": _rows(paths.fill(paths.CLAIMS, study.study)),
        "recommendations": _rows(paths.fill(paths.RECOMMENDATION, study.study)),
        "datasets": [_dataset(study, name) for name in study.datasets],
        "annotations": [_annotations(one) for one in audit["supervisions"]],
    }


def problems(study: Study, dataset: str) -> list[Problem]:
    """The problems of a dataset whose texts are shown; none where it has not been read yet."""
    path = paths.fill(paths.PROBLEMS, study.study, dataset=dataset, split="test")
    return shown_problems(read_records(path, Problem)) if Path(path).exists() else []


def samples(study: Study, cell: Cell, shown: Sequence[Problem]) -> list[list[Any]]:
    """What a cell wrote for the shown problems, first sample: text, extracted answer, correct, strict, failure, truncated."""
    place = {"decoding": decoding_of(study)}
    written = Path(paths.fill(paths.PREDICTIONS, study.study, cell, **place))
    scored = Path(paths.fill(paths.SCORED, study.study, cell, **place))
    if not written.exists() or not scored.exists():
        return []
    texts = {one.problem_id: one.text for one in read_records(written, Prediction) if one.sample == 0}
    verdicts = {one.problem_id: one for one in read_records(scored, Scored) if one.sample == 0}
    found: list[list[Any]] = []
    for problem in shown:
        text, one = texts.get(problem.id), verdicts.get(problem.id)
        if text is None or one is None:
            found.append([])
            continue
        cut = text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + " [… cut]"
        found.append([cut, one.extracted, one.correct, one.strict, one.failure, one.truncated])
    return found


def _cell(study: Study, cell: Cell, cost: dict[str, Any] | None) -> dict[str, Any]:
    facts: dict[str, Any] = {key: str(value) for key, value in cell.wildcards().items()}
    metrics = _json(paths.fill(paths.METRICS, study.study, cell, decoding=decoding_of(study)))
    if metrics is None:
        return {**facts, **_absence(study, cell)}
    facts |= {"status": "done", **{key: metrics[key] for key in (*_METRICS, *_FACTS)}}
    facts["leaked"], facts["excerpt"] = bool(metrics["leaked_training_rows"]), bool(metrics["excerpt"])
    trace = _lines(paths.fill(paths.TRACE, study.study, cell))
    step = max(1, -(-len(trace) // CURVE_POINTS))
    facts["curve"] = [[one["step"], round(one["loss"], 4)] for one in trace[::step]]
    facts["seconds"] = round(sum(one["seconds"] for one in _lines(paths.fill(paths.TELEMETRY, study.study, cell))), 1)
    taught = _json(paths.fill(paths.manifest(paths.TRAINING_SET), study.study, cell))
    if taught:
        facts["training_tokens"] = round(taught["mean_tokens"] * taught["rows"])
    if cost:
        facts["price_usd"], facts["teacher_tokens"] = cost["price_usd"], cost["output_tokens"]
    return facts


def _absence(study: Study, cell: Cell) -> dict[str, str]:
    """Why a cell has no score: its supervision was never released, a job of it failed, or it has not run."""
    if is_missing(study, cell.supervision):
        return {"status": "unavailable", "why": "its released annotations are not in the data folder"}
    for pattern in (paths.METRICS, paths.PREDICTIONS, paths.CHECKPOINT, paths.TRAINING_SET):
        log = Path(paths.fill(paths.log(pattern), study.study, cell, decoding=decoding_of(study)))
        if log.exists():
            errors = [
                line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if "error:" in line
            ]
            if errors:
                return {"status": "failed", "why": errors[-1].split("error:", 1)[1].strip()[:500]}
    return {"status": "missing", "why": "it has not run"}


def _problem(one: Problem) -> dict[str, Any]:
    return {"id": one.id, "question": one.question, "choices": one.choices, "answer": one.answer}


def _dataset(study: Study, name: str) -> dict[str, Any]:
    facts = _json(paths.fill(paths.AUDIT, study.study, dataset=name)) or {}
    counted = {key: len(value) if isinstance(value, list) else value for key, value in facts.items()}
    return {"dataset": name, **{key: value for key, value in counted.items() if key != "dataset"}}


def _annotations(one: dict[str, Any]) -> dict[str, Any]:
    findings = {name: found["count"] for name, found in one.get("findings", {}).items() if found["count"]}
    return {
        "supervision": one["supervision"],
        "rows": one["rows"],
        "verdicts": one.get("verdicts", {}),
        "words": one["words"]["mean"],
        "price_usd": one["price_usd"],
        "excerpt": one.get("excerpt", False),
        "findings": findings,
    }


def _json(path: str) -> Any:
    return read_json(path) if Path(path).exists() else None


def _lines(path: str) -> list[dict[str, Any]]:
    if not Path(path).exists():
        return []
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def _rows(path: str) -> list[dict[str, str]]:
    if not Path(path).exists():
        return []
    with open(path, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
