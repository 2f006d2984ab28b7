"""Targets: what a run of the whole study makes, and what of it the browsable report shows."""

from __future__ import annotations

from pathlib import Path

from gradus.presentation.exhibits import conditions
from gradus.study import paths
from gradus.study.config import Study
from gradus.study.grid import FINDINGS, cells, experiment_metrics, figures, metrics_files, tables


def report_items(study: Study) -> dict[str, list[str]]:
    """What the browsable report shows, and the scores that each item is made from."""
    items: dict[str, list[str]] = {}
    for name in study.experiments:
        scores = experiment_metrics(study, name)
        items[paths.fill(paths.TABLE, study.study, experiment=name, suffix="csv")] = scores
        items[paths.fill(paths.FIGURE, study.study, experiment=name, suffix="svg")] = scores
    for name in conditions.wanted(study):
        kind = "csv" if name in conditions.TABLES else "svg"
        items[paths.fill(paths.EXHIBIT, study.study, exhibit=name, suffix=kind)] = conditions.inputs(study, name)
    every = metrics_files(study, cells(study))
    drawn = [paths.fill(pattern, study.study, suffix="svg") for pattern in (paths.LOSS_FIGURE, paths.SPEED_FIGURE)]
    told = (paths.FINDINGS_PAGE, paths.CLAIMS, paths.RECOMMENDATION, paths.EXPLORER)
    for item in (*drawn, *(paths.fill(page, study.study) for page in told)):
        items[item] = every
    items[paths.fill(paths.ANNOTATION_AUDIT_PAGE, study.study)] = []
    return items | {path: [] for path in every}


def finished_report_items(study: Study) -> list[str]:
    """What of it is there, with all that it is made from: the report of a partial grid shows that."""
    return [
        item for item, scores in report_items(study).items() if all(Path(path).exists() for path in (item, *scores))
    ]


def everything(study: Study) -> list[str]:
    """Everything that a run of the whole study makes."""
    last = [*FINDINGS, paths.EXPLORER, paths.REPORT, paths.ARCHIVE_SUMS, paths.ARCHIVE_MANIFEST]
    made = [*tables(study), *figures(study), *conditions.files(study)]
    return [*made, *(paths.fill(pattern, study.study) for pattern in last)]
