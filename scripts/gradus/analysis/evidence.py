"""Evidence: what was measured of students, teachers and supervisions, from a study's files or from published numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gradus.records import Supervision
from gradus.records.vocabulary import LEVELS
from gradus.statistics.measurements import Measurement, SeedVariance, pooled_seed_variance


@dataclass(frozen=True)
class Evidence:
    """Measured accuracies; every part may be partial.

    ``students`` by supervision and student; ``teachers``: accuracy on test problems, gold hidden; ``traits``: numbers that
    describe the texts of a supervision; ``surprise``: a student's loss per token on them before it learned anything.
    """

    students: Mapping[tuple[Supervision, str], Measurement]
    teachers: Mapping[Supervision, Measurement] = field(default_factory=dict)
    traits: Mapping[Supervision, Mapping[str, float]] = field(default_factory=dict)
    surprise: Mapping[tuple[Supervision, str], float] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """The students, in order of appearance."""
        return list(dict.fromkeys(student for _, student in self.students))

    @property
    def datasets(self) -> list[str]:
        """The datasets, in order of appearance."""
        return list(dict.fromkeys(place.dataset for place, _ in self.students))

    def seeds(self, dataset: str, student: str) -> SeedVariance:
        """The variance over runs of one student on one dataset, pooled over its supervisions."""
        return pooled_seed_variance(
            one for (place, name), one in self.students.items() if place.dataset == dataset and name == student
        )

    def measured(self, dataset: str, student: str) -> dict[Supervision, Measurement]:
        """Every supervision of one student on one dataset."""
        return {
            place: one for (place, name), one in self.students.items() if place.dataset == dataset and name == student
        }

    def levels(self, dataset: str, teacher: str, format_: str, student: str) -> dict[str, Measurement]:
        """The granularity levels that were measured, from coarse to fine."""
        found = {level: self.students.get((Supervision(dataset, teacher, format_, level), student)) for level in LEVELS}
        return {level: one for level, one in found.items() if one is not None}

    def answer_only(self, dataset: str, student: str) -> Measurement | None:
        """The answer-only baseline, where there is one."""
        return self.students.get((answer_only(dataset), student))

    def limited(self, places: Sequence[Supervision], students: Sequence[str]) -> Evidence:
        """What concerns some supervisions and students alone."""
        kept = set(places)
        return Evidence(
            {key: one for key, one in self.students.items() if key[0] in kept and key[1] in students},
            self.teachers,
            {place: one for place, one in self.traits.items() if place in kept},
            {key: one for key, one in self.surprise.items() if key[0] in kept and key[1] in students},
        )


def answer_only(dataset: str) -> Supervision:
    """The baseline that teaches bare answers."""
    return Supervision(dataset, "gold", "answer-only", "native")


def series(evidence: Evidence, shortest: int = 3) -> list[tuple[str, str, str, str, dict[str, Measurement]]]:
    """Every (dataset, teacher, format, student) with at least ``shortest`` levels, and its levels."""
    keys = dict.fromkeys(
        (place.dataset, place.teacher, place.format, student)
        for place, student in evidence.students
        if place.level in LEVELS
    )
    found = [(*key, evidence.levels(*key)) for key in keys]
    return [one for one in found if len(one[4]) >= shortest]
