"""Evaluation jobs: which decodings a rule is for, and what a metric record says of its cell."""

from __future__ import annotations

from dataclasses import asdict

from gradus.study import paths
from gradus.study.config import Study
from gradus.study.paths import Artifact
from gradus.workflow.options import as_json
from gradus.workflow.wildcards import Wildcards, supervision_of


def decodings_of(study: Study, *engines: str) -> list[str]:
    """The names of the decodings that some engines write."""
    return [name for name, section in study.decodings.items() if section.engine in engines]


def problems(study: Study, wildcards: Wildcards) -> list[Artifact]:
    """The problems that a job asks or scores: those of the cell's own dataset, or the test split of another."""
    return [paths.problems_file(study, wildcards.dataset, wildcards.problems)]


def cell_facts(wildcards: Wildcards) -> str:
    """A cell and its decoding as JSON, for the metric record."""
    facts = {"student": wildcards.student, "seed": int(wildcards.seed)}
    facts |= {"problems": wildcards.problems, "decoding": wildcards.decoding}
    return as_json({**asdict(supervision_of(wildcards)), **facts})
