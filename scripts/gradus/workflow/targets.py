"""Targets: what a run of the whole study makes, and what of it the browsable report shows."""

from __future__ import annotations

from pathlib import Path

from gradus.archive.groups import archived
from gradus.presentation.exhibits import conditions
from gradus.study import paths
from gradus.study.config import Study
from gradus.study.grid import FINDINGS, cells, experiment_metrics, figures, metrics_files, tables, trained
from gradus.study.paths import Artifact


def report_items(study: Study) -> dict[Artifact, list[Artifact]]:
    """What the browsable report shows, and the scores that each item is made from."""
    items: dict[Artifact, list[Artifact]] = {}
    for name in study.experiments:
        scores = experiment_metrics(study, name)
        items[paths.TABLE.of(study, experiment=name, suffix="csv")] = scores
        items[paths.FIGURE.of(study, experiment=name, suffix="svg")] = scores
    for name in conditions.wanted(study):
        kind = "csv" if name in conditions.TABLES else "svg"
        items[paths.EXHIBIT.of(study, exhibit=name, suffix=kind)] = conditions.inputs(study, name)
    every = metrics_files(study, cells(study))
    if any(experiment.transfer for experiment in study.experiments.values()):
        items[paths.TRANSFER_TABLE.of(study, suffix="csv")] = every
    if study.student_fits:
        items[paths.FITS_TABLE.of(study, suffix="csv")] = every
        items[paths.FITS_FIGURE.of(study, suffix="svg")] = every
    drawn = [pattern.of(study, suffix="svg") for pattern in (paths.LOSS_FIGURE, paths.SPEED_FIGURE)]
    pages = (paths.FINDINGS_PAGE, paths.CLAIMS, paths.RECOMMENDATION, paths.EXPLORER)
    for item in (*drawn, *(page.of(study) for page in pages)):
        items[item] = every
    items[paths.ANNOTATION_AUDIT_PAGE.of(study)] = []
    return items | {path: [] for path in every}


def finished_report_items(study: Study) -> list[Artifact]:
    """What of it is there, with all that it is made from: the report of a partial grid shows that."""
    return [
        item for item, scores in report_items(study).items() if all(Path(path).exists() for path in (item, *scores))
    ]


def shown_in_a_paper(study: Study) -> list[Artifact]:
    """The LaTeX tables and PDF figures of a study: experiments first, then the paper's exhibits."""
    made = [*tables(study), *conditions.files(study), *figures(study)]
    return [path for path in made if path.endswith((".tex", ".pdf"))]


def everything(study: Study) -> list[Artifact]:
    """Everything that a run of the whole study makes, and what it is made from as far as archives hold it.

    So what was deleted is made again. Of trainings their manifests alone are asked for: weights may go once their predictions are
    there, unless the archive shall hold them.
    """
    last = [*FINDINGS, paths.EXPLORER, paths.REPORT, paths.ARCHIVE_SUMS, paths.ARCHIVE_MANIFEST]
    made = [*tables(study), *figures(study), *conditions.files(study), paths.MANUSCRIPT.of(study)]
    made += [pattern.of(study) for pattern in last]
    made += [
        path for path in archived(study) if not any(one.wildcards_in(path) for one in (paths.TRACE, paths.TELEMETRY))
    ]
    if study.archive.weights:
        made += [paths.WEIGHTS.of(study, cell) for cell in trained(cells(study))]
    return list(dict.fromkeys(made))
