"""Wildcards: what Snakemake hands to the functions of a rule, and the supervision that they name."""

from __future__ import annotations

from typing import Protocol

from gradus.records import Cell, Supervision


class Wildcards(Protocol):
    """The values of a job's wildcards; a job has those that its outputs have."""

    dataset: str
    teacher: str
    format: str
    level: str
    student: str
    seed: str
    problems: str
    decoding: str


def supervision_of(wildcards: Wildcards) -> Supervision:
    """The supervision that a job works on."""
    return Supervision(wildcards.dataset, wildcards.teacher, wildcards.format, wildcards.level)


def cell_of(wildcards: Wildcards) -> Cell:
    """The cell that a job works on."""
    return Cell(supervision_of(wildcards), wildcards.student, int(wildcards.seed))
