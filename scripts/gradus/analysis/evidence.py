"""Evidence: what was measured of students, teachers and supervisions, from a study's files or from published numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean

from gradus.records import Supervision
from gradus.records.fits import Fit
from gradus.records.vocabulary import ANSWER_ONLY, LEVELS, NATIVE
from gradus.statistics.intervals import wilson
from gradus.statistics.margin import MARGIN
from gradus.statistics.measurements import Measurement, SeedVariance, pooled_seed_variance
from gradus.study.config import base_of, is_point


@dataclass(frozen=True)
class DoseSeries:
    """One condition over the values of a key, numbers in their order: ``axis`` is the key, ``measured`` by value as written."""

    axis: str
    subject: str
    dataset: str
    measured: Mapping[str, Measurement]


def _is_made(supervision: Supervision, student: str = "") -> bool:
    return any(map(is_point, (supervision.dataset, supervision.teacher, supervision.format, student)))


@dataclass(frozen=True)
class Evidence:
    """Measured accuracies; every part may be partial.

    ``students`` by supervision and student; ``teachers``: accuracy on test problems, gold hidden; ``traits``: numbers that
    describe the texts of a supervision; ``surprise``: a student's loss per token on them before it learned anything;
    ``development``: the students' accuracies on problems kept for choices, where a dataset has them;
    ``margins``: by dataset, the difference that does not matter (``MARGIN`` where none is given);
    ``baselines``: the accuracy of a blind guess or of the most frequent answer, whichever is higher, where it is known;
    ``doses``: what was measured over the values of a key; ``transferred``: the students' accuracies on the test problems of other
    datasets, by the dataset that was asked; ``fits``: how natural a supervision's texts are to the untrained student, where
    the study asks for it.
    """

    students: Mapping[tuple[Supervision, str], Measurement]
    teachers: Mapping[Supervision, Measurement] = field(default_factory=dict)
    traits: Mapping[Supervision, Mapping[str, float]] = field(default_factory=dict)
    surprise: Mapping[tuple[Supervision, str], float] = field(default_factory=dict)
    margins: Mapping[str, float] = field(default_factory=dict)
    development: Mapping[tuple[Supervision, str], Measurement] = field(default_factory=dict)
    baselines: Mapping[tuple[Supervision, str], float] = field(default_factory=dict)
    doses: Sequence[DoseSeries] = ()
    transferred: Mapping[str, Mapping[tuple[Supervision, str], Measurement]] = field(default_factory=dict)
    fits: Mapping[tuple[Supervision, str], Fit] = field(default_factory=dict)

    @property
    def without_points(self) -> Evidence:
        """The same without what was made for values on some axis: sizes of one dataset are no draws of datasets, and rates of one
        recipe no further students."""
        kept = {key: one for key, one in self.students.items() if not _is_made(*key)}
        return replace(
            self,
            students=kept,
            teachers={supervision: one for supervision, one in self.teachers.items() if not _is_made(supervision)},
            development={key: one for key, one in self.development.items() if not _is_made(*key)},
            doses=(),
        )

    def is_above_baselines(self, supervision: Supervision, student: str) -> bool:
        """Whether a condition's interval (Wilson, 95 %) lies above its baselines; True where these are not known."""
        measured, baseline = self.students[supervision, student], self.baselines.get((supervision, student))
        if baseline is None or measured.n is None:
            return True
        return wilson(round(measured.mean * measured.n), measured.n).low > baseline

    def margin(self, *datasets: str) -> float:
        """Differences within it do not matter: that of a dataset, or the mean over several."""
        return fmean(self.margins.get(name, self.margins.get(base_of(name), MARGIN)) for name in datasets)

    @property
    def names(self) -> list[str]:
        """The students, in order of appearance."""
        return list(dict.fromkeys(student for _, student in self.students))

    @property
    def datasets(self) -> list[str]:
        """The datasets, in order of appearance."""
        return list(dict.fromkeys(supervision.dataset for supervision, _ in self.students))

    def seeds(self, dataset: str, student: str) -> SeedVariance:
        """The variance over runs of one student on one dataset, pooled over its supervisions."""
        return pooled_seed_variance(self.measured(dataset, student).values())

    def measured(self, dataset: str, student: str) -> dict[Supervision, Measurement]:
        """Every supervision of one student on one dataset."""
        return {
            supervision: measurement
            for (supervision, name), measurement in self.students.items()
            if supervision.dataset == dataset and name == student
        }

    def developed(self, student: str) -> dict[Supervision, Measurement]:
        """Every supervision of one student on development problems."""
        return {supervision: one for (supervision, name), one in self.development.items() if name == student}

    def levels(self, dataset: str, teacher: str, format_: str, student: str) -> dict[str, Measurement]:
        """The granularity levels that were measured, from coarse to fine."""
        found = {level: self.students.get((Supervision(dataset, teacher, format_, level), student)) for level in LEVELS}
        return {level: measurement for level, measurement in found.items() if measurement is not None}

    def answer_only(self, dataset: str, student: str) -> Measurement | None:
        """The answer-only baseline, where there is one."""
        return self.students.get((answer_only(dataset), student))

    def untaught(self, dataset: str, student: str) -> Measurement | None:
        """The student before any training, where it was tested."""
        return self.students.get((Supervision(dataset, "none", "untaught", NATIVE), student))


@dataclass(frozen=True)
class LevelSeries:
    """The granularity levels of one teacher and format that were measured with one student, from coarse to fine."""

    dataset: str
    teacher: str
    format: str
    student: str
    levels: Mapping[str, Measurement]

    def supervision(self, level: str) -> Supervision:
        """The supervision at one of the levels."""
        return Supervision(self.dataset, self.teacher, self.format, level)

    @property
    def means(self) -> list[float]:
        """The accuracy at each level."""
        return [measurement.mean for measurement in self.levels.values()]

    @property
    def runs(self) -> int:
        """The runs of the level that has fewest."""
        return min(measurement.runs for measurement in self.levels.values())


def answer_only(dataset: str) -> Supervision:
    """The baseline that teaches bare answers."""
    return Supervision(dataset, "gold", ANSWER_ONLY, NATIVE)


def level_series(evidence: Evidence, shortest: int = 3) -> list[LevelSeries]:
    """Every dataset, teacher, format and student with at least ``shortest`` levels."""
    keys = dict.fromkeys(
        (supervision.dataset, supervision.teacher, supervision.format, student)
        for supervision, student in evidence.students
        if supervision.level in LEVELS
    )
    found = [LevelSeries(*key, evidence.levels(*key)) for key in keys]
    return [series for series in found if len(series.levels) >= shortest]
