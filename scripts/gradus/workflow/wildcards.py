"""Wildcards: what they may be in a study, and what Snakemake hands to the functions of a rule."""

from __future__ import annotations

from typing import Protocol, get_args

from gradus.records import Cell, Supervision
from gradus.records.vocabulary import Split
from gradus.study.config import NAMED_FORMATS, NAMED_LEVELS, Study
from gradus.study.grid import problem_sets
from gradus.study.paths import alternatives


class Wildcards(Protocol):
    """The values of a job's wildcards; a job has those that its outputs have."""

    dataset: str
    split: Split
    teacher: str
    format: str
    level: str
    student: str
    seed: str
    problems: str
    decoding: str


def constraints(study: Study) -> dict[str, str]:
    """What each wildcard may be in this study, as regular expressions: its own names alone."""
    return {
        "study": alternatives([study.study]),
        "dataset": alternatives(study.datasets),
        "teacher": alternatives(study.teachers),
        "format": alternatives([*NAMED_FORMATS, *study.transforms]),
        "level": alternatives(NAMED_LEVELS),
        "student": alternatives(study.students),
        "seed": "[0-9]+",
        "problems": alternatives(problem_sets(study)),
        "decoding": alternatives(study.decodings),
        "experiment": alternatives(study.experiments),
        "split": alternatives(get_args(Split)),
    }


def supervision_of(wildcards: Wildcards) -> Supervision:
    """The supervision that a job works on."""
    return Supervision(wildcards.dataset, wildcards.teacher, wildcards.format, wildcards.level)


def cell_of(wildcards: Wildcards) -> Cell:
    """The cell that a job works on."""
    return Cell(supervision_of(wildcards), wildcards.student, int(wildcards.seed))
