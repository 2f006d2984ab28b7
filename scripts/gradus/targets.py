"""Targets: what a run of the whole study makes, and what of it the browsable report shows."""

from __future__ import annotations

from pathlib import Path

from gradus import paths
from gradus.config import Study
from gradus.exhibits import conditions
from gradus.grid import FINDINGS, cells, figures, metrics_files, speed_figures, tables


def report_items(study: Study) -> list[str]:
    """What the browsable report shows: tables, figures, the paper's exhibits, findings, and every cell."""
    drawn = [path for path in [*figures(study), *speed_figures(study)] if path.endswith(".svg")]
    shown = [
        paths.fill(paths.EXHIBIT, study.study, exhibit=name, suffix="csv" if name in conditions.TABLES else "svg")
        for name in conditions.wanted(study)
    ]
    pages = (paths.FINDINGS_PAGE, paths.CLAIMS, paths.RECOMMENDATION, paths.ANNOTATION_AUDIT_PAGE, paths.EXPLORER)
    return [
        *(path for path in tables(study) if path.endswith(".csv")),
        *drawn,
        *shown,
        *(paths.fill(page, study.study) for page in pages),
        *metrics_files(study, cells(study)),
    ]


def finished_report_items(study: Study) -> list[str]:
    """What of it is there already: the report of a partial grid shows that."""
    return [path for path in report_items(study) if Path(path).exists()]


def everything(study: Study) -> list[str]:
    """Everything that a run of the whole study makes."""
    last = [*FINDINGS, paths.EXPLORER, paths.REPORT, paths.ARCHIVE_SUMS, paths.ARCHIVE_MANIFEST]
    made = [*tables(study), *figures(study), *conditions.files(study)]
    return [*made, *(paths.fill(pattern, study.study) for pattern in last)]
