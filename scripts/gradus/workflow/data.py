"""Data jobs: the files that only some datasets have."""

from __future__ import annotations

from gradus.study import paths
from gradus.study.config import Study
from gradus.study.paths import Artifact
from gradus.workflow.wildcards import Wildcards


def development(study: Study, wildcards: Wildcards) -> list[Artifact]:
    """The development split of a dataset that has one, else nothing."""
    if study.datasets[wildcards.dataset].development is None:
        return []
    return [paths.PROBLEMS.of(study, dataset=wildcards.dataset, split=paths.DEVELOPMENT)]
