"""Data jobs: the files that only some datasets have, the content of local ones, and what is checked for leaks."""

from __future__ import annotations

from gradus.data.datasets import origins
from gradus.runtime import environment
from gradus.study import leak_checks, paths
from gradus.study.config import Study
from gradus.study.config.datasets import for_split
from gradus.study.grid import is_untaught
from gradus.study.paths import Artifact
from gradus.workflow.options import as_json, options
from gradus.workflow.wildcards import Wildcards, supervision_of


def settings(study: Study, wildcards: Wildcards) -> str:
    """What decides the problems of one split; a change of the other one is none of this."""
    return as_json(for_split(study.datasets[wildcards.dataset], wildcards.split))


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
    names = leak_checks.other_origins(study, wildcards.dataset)
    return [paths.PROBLEMS.of(study, dataset=name, split=paths.TEST) for name in names]


def audit_options(study: Study, wildcards: Wildcards) -> str:
    """What is held against the training split beside its own test split."""
    return options(development=development(study, wildcards), others=others(study, wildcards))


def leak_check_options(study: Study, wildcards: Wildcards) -> str:
    """Whether the problems are another dataset's, and whether students may have seen them all the same."""
    flags = ["--elsewhere"] if paths.split_of(wildcards.dataset, wildcards.problems)[0] != wildcards.dataset else []
    return " ".join(flags + (["--allow-leakage"] if study.allow_leakage else []))


def leak_check(study: Study, wildcards: Wildcards) -> list[Artifact]:
    """The check that a trained student must pass before it is asked anything."""
    if is_untaught(supervision_of(wildcards)):
        return []
    return leak_checks.leak_check(study, wildcards.dataset, wildcards.problems)
