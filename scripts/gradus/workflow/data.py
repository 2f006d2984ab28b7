"""Data jobs: the files that only some datasets have, and the content of local ones."""

from __future__ import annotations

from gradus.data.datasets import origins
from gradus.runtime import environment
from gradus.study import paths
from gradus.study.config import Study
from gradus.study.config.datasets import Dataset
from gradus.study.grid import is_taught_on, transferred_to
from gradus.study.paths import Artifact
from gradus.workflow.options import options
from gradus.workflow.wildcards import Wildcards


def development(study: Study, wildcards: Wildcards) -> list[Artifact]:
    """The development split of a dataset that has one, else nothing."""
    if study.datasets[wildcards.dataset].development is None:
        return []
    return [paths.PROBLEMS.of(study, dataset=wildcards.dataset, split=paths.DEVELOPMENT)]


def content(study: Study, wildcards: Wildcards) -> str:
    """The content of the local files that a split is read from, as one hash: an edited file makes again what depends on it."""
    section = study.datasets[wildcards.dataset]
    return origins.content(wildcards.dataset, section, wildcards.split, environment.data_folder())


def others(study: Study, wildcards: Wildcards) -> list[Artifact]:
    """The test splits of datasets from elsewhere, of which students of this one may have seen something."""
    return [paths.PROBLEMS.of(study, dataset=name, split=paths.TEST) for name in _others(study, wildcards.dataset)]


def audit_options(study: Study, wildcards: Wildcards) -> str:
    """What is held against the training split beside its own test split."""
    asked = _others_asked(study, wildcards.dataset)
    named = options(development=development(study, wildcards), others=others(study, wildcards), asked=asked)
    return f"{named} --allow-leakage" if asked and study.allow_leakage else named


def audit_before_training(study: Study, wildcards: Wildcards) -> list[Artifact]:
    """The audit that may refuse a training split: of a dataset whose students are asked other datasets' test problems."""
    return [paths.AUDIT.of(study, dataset=wildcards.dataset)] if _others_asked(study, wildcards.dataset) else []


def _others_asked(study: Study, dataset: str) -> list[str]:
    return [name for name in transferred_to(study, dataset) if name in _others(study, dataset)]


def _others(study: Study, dataset: str) -> list[str]:
    """The datasets from elsewhere; entries of one origin, in several sizes say, share what its own splits share."""
    if not is_taught_on(study, dataset):
        return []
    own = _origin(study.datasets[dataset])
    return [name for name, section in study.datasets.items() if _origin(section) != own]


def _origin(section: Dataset) -> tuple[str | None, ...]:
    """What tells two entries apart that take other problems, and not only another number of them."""
    return (section.source, *(getattr(section, key, None) for key in ("hub", "path", "test_templates")))
