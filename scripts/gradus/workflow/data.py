"""Data jobs: the files that only some datasets have, and the content of local ones."""

from __future__ import annotations

from gradus.data.datasets import origins
from gradus.runtime import environment
from gradus.study import paths
from gradus.study.config import Study
from gradus.study.paths import Artifact
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
