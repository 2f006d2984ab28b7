"""Supervisions and cells: what a student is taught with, and one student taught with it."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, order=True)
class Supervision:
    """What a student is taught with."""

    dataset: str
    teacher: str
    format: str
    level: str

    def __str__(self) -> str:
        return f"{self.dataset}/{self.teacher}/{self.format}/{self.level}"

    @property
    def short(self) -> str:
        """Without the dataset, as experiments name their baselines: ``teacher/format/level``."""
        return f"{self.teacher}/{self.format}/{self.level}"

    def original(self) -> Supervision:
        """The supervision that a rewrite starts from."""
        return Supervision(self.dataset, self.teacher, "original", self.level)


@dataclass(frozen=True, order=True)
class Cell:
    """One student trained with one supervision and one seed."""

    supervision: Supervision
    student: str
    seed: int

    def __str__(self) -> str:
        return f"{self.supervision}/{self.student}/seed{self.seed}"

    def wildcards(self) -> dict[str, str | int]:
        """What fills a cell pattern."""
        return {**asdict(self.supervision), "student": self.student, "seed": self.seed}


Condition = tuple[Supervision, str]
"""A supervision and a student: what the runs of several seeds have in common."""
