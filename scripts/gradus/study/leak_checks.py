"""Leak checks: which problems are held against the training split of a dataset before its students are asked them."""

from __future__ import annotations

from gradus.study import paths
from gradus.study.config import Study
from gradus.study.config.datasets import Dataset
from gradus.study.grid import cells, evaluations, is_taught_on, trained
from gradus.study.paths import Artifact


def leak_checks(study: Study) -> list[Artifact]:
    """The checks that trained cells must pass, each once."""
    asked = evaluations(study, trained(cells(study)))
    found = [leak_check(study, cell.supervision.dataset, problems) for cell, problems in asked]
    return list(dict.fromkeys(path for paths_ in found for path in paths_))


def leak_check(study: Study, dataset: str, problems: str) -> list[Artifact]:
    """The check of a training split against some problems; nothing where the two cannot share any.

    Who is asked its own training problems may have seen them; development problems are taken out of the training split, question
    by question; entries of one origin, in several sizes say, share what its own splits share.
    """
    asked, _ = paths.split_of(dataset, problems)
    if problems in (paths.DEVELOPMENT, paths.TRAIN) or (
        asked != dataset and asked not in other_origins(study, dataset)
    ):
        return []
    return [paths.LEAK_CHECK.of(study, dataset=dataset, problems=problems)]


def other_origins(study: Study, dataset: str) -> list[str]:
    """The datasets from elsewhere, of whose test questions the students of a dataset may have seen something."""
    if not is_taught_on(study, dataset):
        return []
    own = _origin(study.datasets[dataset])
    return [name for name, section in study.datasets.items() if _origin(section) != own]


def _origin(section: Dataset) -> tuple[str | None, ...]:
    """What tells two entries apart that take other problems, and not only another number of them."""
    return (section.source, *(getattr(section, key, None) for key in ("hub", "path", "test_templates")))
