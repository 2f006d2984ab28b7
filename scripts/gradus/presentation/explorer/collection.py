"""Collection: what the explorer shows, read from whatever files of a study are there."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gradus.presentation.explorer.experiments import experiments
from gradus.presentation.explorer.facts import AnnotationFacts, CellFacts, StudyFacts
from gradus.presentation.explorer.sampling import (
    RATIONALE_BYTES,
    blocks,
    cut,
    problem_facts,
    sample_size,
    shown_problems,
)
from gradus.records import Cell, Problem
from gradus.records.metrics import Metrics
from gradus.records.vocabulary import NATIVE, Split
from gradus.results.presence import presence
from gradus.results.store import Results
from gradus.results.weights import weights_of
from gradus.study import paths
from gradus.study.config.axes import Value, are_numbers, base_of
from gradus.study.grid import cells, requested_cells, supervisions
from gradus.teachers.audit_facts import SupervisionAudit

CURVE_POINTS = 60

Shown = Mapping[tuple[str, Split], Sequence[Problem]]


def collect(results: Results, shown: Shown, folder: Path | None = None) -> StudyFacts:
    """Everything but the texts: axes, experiments, cells, problems, claims, audits.

    ``shown`` are the problems whose texts are in the page; ``folder`` is the page's, for links to files beside it.
    """
    study = results.study
    asked = requested_cells(study)
    audit = results.find_annotation_audit()
    audited = audit["supervisions"] if audit is not None else []
    by_supervision = {audit["supervision"]: audit for audit in audited}
    values = {name: value for experiment in study.experiments.values() for name, value in experiment.points.items()}
    axes = {
        axis: _in_order(list(dict.fromkeys(str(cell.wildcards()[axis]) for cell in asked)), values)
        for axis in ("dataset", "teacher", "format", "level", "student", "seed")
    }
    axes["level"].sort(key=lambda name: (name == NATIVE, name))
    return {
        "study": study.study,
        "about": study.about,
        "decoding": results.main_decoding,
        "axes": axes,
        "weights": {name: count for name in axes["student"] if (count := weights_of(results, name)) is not None},
        "experiments": experiments(results),
        "cells": [_cell(results, cell, by_supervision.get(str(cell.supervision))) for cell in asked],
        "problems": {name: [problem_facts(problem) for problem in shown[name, "test"]] for name in study.datasets},
        "more": {name: _left_out(results, shown, name) for name in study.datasets},
        "training_problems": {
            name: [problem_facts(problem) for problem in shown[name, "train"]] for name in study.datasets
        },
        "links": _links(results, folder),
        "claims": _rows(results.path(paths.CLAIMS)),
        "recommendations": _rows(results.path(paths.RECOMMENDATION)),
        "since_claims": _since_claims(results),
        "datasets": [_dataset(results, name) for name in study.datasets],
        "annotations": [_annotations(audit) for audit in audited],
    }


def _in_order(names: Sequence[str], values: Mapping[str, Value]) -> list[str]:
    return sorted(names, key=lambda name: _order(name, names, values))


def _order(name: str, names: Sequence[str], values: Mapping[str, Value]) -> tuple[int, float]:
    """Where a name stands: points beside their entry, in the order of their values where these are numbers."""
    value = values.get(name)
    first = min(names.index(one) for one in names if base_of(one) == base_of(name))
    return first, float(value) if are_numbers([value]) else float(names.index(name))  # type: ignore[arg-type]


def _since_claims(results: Results) -> int:
    """How many cells the tables of tests do not know: missing by now, or scored after them; 0 where nothing was tested.

    A study that goes on after its end (another seed, another level) still has the tables of that end.
    """
    path = results.path(paths.CLAIMS)
    if not path.exists():
        return 0
    made = path.stat().st_mtime
    wanted = (
        results.path(paths.METRICS, cell, decoding=results.main_decoding, problems=paths.TEST)
        for cell in cells(results.study)
    )
    return sum(not one.exists() or one.stat().st_mtime > made for one in wanted)


def shown(results: Results) -> Shown:
    """By dataset and split the problems whose texts are shown; none where they have not been read yet."""
    counts: dict[Split, int] = {
        "test": sample_size(len(requested_cells(results.study))),
        "train": sample_size(len(supervisions(results.study)), RATIONALE_BYTES),
    }
    return {
        (name, split): shown_problems(results.find_problems(name, split), count)
        for name in results.study.datasets
        for split, count in counts.items()
    }


def _links(results: Results, folder: Path | None) -> dict[str, str]:
    """Addresses of the study's folder and pages, from the page's folder; nothing where that is not known."""
    if folder is None:
        return {}
    pages = {"findings": paths.FINDINGS_PAGE, "annotations": paths.ANNOTATION_AUDIT_PAGE, "report": paths.REPORT}
    there = {name: path for name, pattern in pages.items() if (path := results.path(pattern)).exists()}
    # The report is made of the study's own explorer, so never there before it.
    if folder.resolve() == results.path(paths.EXPLORER).parent.resolve():
        there["report"] = results.path(paths.REPORT)
    linked = {"study": results.path(paths.STUDY_COPY).parent, **there}
    return {name: os.path.relpath(path, folder) for name, path in linked.items()}


def samples(results: Results, cell: Cell, shown: Sequence[Problem]) -> list[list[Any]]:
    """What a cell wrote for the shown problems, first sample: text, extracted answer, correct, strict, failure, truncated."""
    texts = {row.problem_id: row.text for row in results.find_predictions(cell) if row.sample == 0}
    verdicts = {row.problem_id: row for row in results.find_scored(cell) if row.sample == 0}
    if not texts or not verdicts:
        return []
    found: list[list[Any]] = []
    for problem in shown:
        text, row = texts.get(problem.id), verdicts.get(problem.id)
        if text is None or row is None:
            found.append([])
            continue
        found.append([cut(text), row.extracted, row.correct, row.strict, row.failure, row.truncated])
    return found


def _cell(results: Results, cell: Cell, audit: SupervisionAudit | None) -> CellFacts:
    facts = _named(cell)
    metrics = results.find_metrics(cell)
    if metrics is None:
        found = presence(results, cell)
        facts["status"], facts["why"] = found.status, found.why
        return facts
    _add_scores(facts, metrics)
    held = results.find_metrics(cell, problems=paths.DEVELOPMENT)
    if held is not None:
        facts["development"] = {
            "accuracy": held.accuracy,
            "interval_low": held.interval_low,
            "interval_high": held.interval_high,
            "n": held.n,
        }
    facts["leaked"], facts["excerpt"] = bool(metrics.leaked_training_rows), metrics.excerpt
    facts["no_end"] = not results.has_learned_to_stop(cell)
    trace = results.find_trace(cell)
    every = max(1, -(-len(trace) // CURVE_POINTS))
    facts["curve"] = [(step["step"], round(step["loss"], 4)) for step in trace[::every]]
    facts["seconds"] = round(sum(step["seconds"] for step in results.find_telemetry(cell)), 1)
    training_set = results.find_training_set_manifest(cell)
    if training_set is not None:
        facts["training_tokens"] = round(training_set["mean_tokens"] * training_set["rows"])
    if audit is not None:
        facts["price_usd"], facts["teacher_tokens"] = audit["price_usd"], audit["output_tokens"]
    return facts


def _named(cell: Cell) -> CellFacts:
    supervision = cell.supervision
    return {
        "dataset": supervision.dataset,
        "teacher": supervision.teacher,
        "format": supervision.format,
        "level": supervision.level,
        "student": cell.student,
        "seed": str(cell.seed),
        "status": "done",
    }


def _add_scores(facts: CellFacts, metrics: Metrics) -> None:
    facts["n"], facts["samples"], facts["accuracy"] = metrics.n, metrics.samples, metrics.accuracy
    facts["interval_low"], facts["interval_high"] = metrics.interval_low, metrics.interval_high
    facts["strict_accuracy"], facts["chance_accuracy"] = metrics.strict_accuracy, metrics.chance_accuracy
    facts["truncated"], facts["unparsable"] = metrics.truncated, metrics.unparsable
    facts["mean_completion_tokens"] = metrics.mean_completion_tokens
    facts["most_frequent_answer_accuracy"] = metrics.most_frequent_answer_accuracy
    facts["training_examples"] = metrics.training_examples


def _left_out(results: Results, shown: Shown, dataset: str) -> list[int]:
    """How many test problems each file beside the page holds."""
    series = sum(cell.supervision.dataset == dataset for cell in requested_cells(results.study))
    return [len(block) for block in blocks(results.find_problems(dataset, "test"), shown[dataset, "test"], series)]


def _dataset(results: Results, name: str) -> dict[str, str | int]:
    """The counts of a dataset's audit: lists by their lengths."""
    audit: Mapping[str, Any] = results.find_dataset_audit(name) or {}
    counted = {key: len(value) if isinstance(value, list) else value for key, value in audit.items()}
    return {"dataset": name, **{key: value for key, value in counted.items() if key != "dataset"}}


def _annotations(audit: SupervisionAudit) -> AnnotationFacts:
    findings = {name: found["count"] for name, found in audit.get("findings", {}).items() if found["count"]}
    return {
        "supervision": audit["supervision"],
        "rows": audit["rows"],
        "verdicts": audit.get("verdicts", {}),
        "words": audit["words"]["mean"],
        "price_usd": audit["price_usd"],
        "excerpt": audit.get("excerpt", False),
        "findings": findings,
    }


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with open(path, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
