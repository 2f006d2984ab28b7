"""Points: every number of an exhibit, and what the paper prints for the same thing; missing ones too."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from gradus.analysis.clusters import ProblemClusters
from gradus.analysis.collection import teacher_measurements
from gradus.analysis.evidence import Evidence
from gradus.analysis.item_rows import item_rows
from gradus.analysis.published import Printed
from gradus.analysis.published_comparison import as_printed, difference_to_printed, printed_seeds
from gradus.presentation.number import EXCERPT, LEAKED, NO_END, Number, Unit
from gradus.records import Cell, Condition, Supervision
from gradus.records.vocabulary import LEVELS
from gradus.results.store import Results
from gradus.statistics.contrasts import Contrast, contrast
from gradus.statistics.intervals import wilson
from gradus.statistics.measurements import Measurement, SeedVariance, Summary
from gradus.study.grid import requested_cells

MEAN, BEST = "mean", "best"
OVER = "mean over "


@dataclass(frozen=True)
class Published:
    """What a table of the paper prints for a point; ``contrast`` is here minus printed, None where no interval can be had."""

    number: Number
    table: str
    contrast: Contrast | None


@dataclass(frozen=True)
class Point:
    """One number of an exhibit: an ``accuracy``, a ``teacher_accuracy`` or ``mean_tokens``.

    The level of its supervision is ``mean`` for a mean over levels (the standard deviation is then one over levels) and
    ``best`` for the level that was best on the test problems.
    """

    supervision: Supervision
    student: str
    measure: str
    number: Number
    published: Published | None = None

    @property
    def condition(self) -> tuple[str, str, str, str]:
        """Dataset, supervision, student and measure, as lists show them."""
        return self.supervision.dataset, self.supervision.short, self.student or "(teacher)", self.measure

    @property
    def levels(self) -> str:
        """The levels that it is of, ``L1+L3`` for the mean over two."""
        named = [mark.removeprefix(OVER) for mark in self.number.marks if mark.startswith(OVER)]
        return named[0] if named else self.supervision.level


@dataclass(frozen=True)
class Measured:
    """What is there of some conditions: evidence from the metric files that exist, marks, and what was asked for."""

    evidence: Evidence
    marks: Mapping[Condition, tuple[str, ...]]
    tokens: Mapping[Condition, float]
    seeds_asked: Mapping[Condition, int]
    printed: Sequence[Printed] = field(default_factory=list)

    def accuracy(self, supervision: Supervision, student: str, *tables: str) -> Point:
        """The accuracy of one condition, and what the first of ``tables`` that has it prints for it."""
        measurement = self.evidence.students.get((supervision, student))
        asked = self.seeds_asked.get((supervision, student), 1)
        if measurement is None:
            return missing(supervision, student, "accuracy", asked)
        here = contrast([(1.0, measurement)], self.evidence.seeds(supervision.dataset, student))
        number = _number(measurement, asked, self.marks.get((supervision, student), ()))
        published = self._published(here, supervision, student, "accuracy", tables)
        return Point(supervision, student, "accuracy", number, published)

    def mean(self, supervisions: Sequence[Supervision], student: str, over: Collection[str], *tables: str) -> Point:
        """The mean over those levels of ``over`` that are there, which its marks name; runs as the level with fewest has.

        What the paper prints is its mean over all levels, and stands beside no other.
        """
        found = [
            supervision
            for supervision in supervisions
            if supervision.level in over and (supervision, student) in self.evidence.students
        ]
        named = Supervision(supervisions[0].dataset, supervisions[0].teacher, supervisions[0].format, MEAN)
        asked = min(self.seeds_asked.get((supervision, student), 1) for supervision in supervisions)
        if not found:
            return missing(named, student, "accuracy", asked)
        measured = [self.evidence.students[supervision, student] for supervision in found]
        pooled = contrast(
            [(1 / len(found), measurement) for measurement in measured], self.evidence.seeds(named.dataset, student)
        )
        interval = pooled.interval()
        marks = {mark for supervision in found for mark in self.marks.get((supervision, student), ())}
        levels = [supervision.level for supervision in found]
        marks.add(OVER + "+".join(levels))
        if len(found) < len(supervisions):
            marks.add(f"{len(found)} of {len(supervisions)} levels")
        if set(levels) != set(LEVELS):
            tables = ()
        number = Number(
            pooled.estimate,
            low=max(0.0, interval.low),
            high=min(1.0, interval.high),
            sd=float(np.std([measurement.mean for measurement in measured], ddof=1)) if len(measured) > 1 else None,
            n=measured[0].n,
            runs=min(measurement.runs for measurement in measured),
            runs_asked=asked,
            marks=tuple(sorted(marks)),
        )
        return Point(named, student, "accuracy", number, self._published(pooled, named, student, "accuracy", tables))

    def own(self, supervision: Supervision, student: str = "", *tables: str) -> Point:
        """A teacher's own accuracy; ``student`` only where it is that of the level which was best for this student."""
        measurement = self.evidence.teachers.get(supervision)
        if measurement is None:
            return missing(supervision, student, "teacher_accuracy")
        here = contrast([(1.0, measurement)], SeedVariance(float("nan"), 0))
        published = self._published(here, supervision, student, "teacher_accuracy", tables)
        return Point(supervision, student, "teacher_accuracy", _number(measurement, 1, ()), published)

    def length(self, supervision: Supervision, student: str, *tables: str) -> Point:
        """Mean tokens of a training example."""
        value = self.tokens.get((supervision, student))
        if value is None:
            return missing(supervision, student, "mean_tokens")
        printed = self._printed(supervision, student, "mean_tokens", tables)
        published = Published(Number(printed.value, unit="tokens"), printed.table, None) if printed else None
        return Point(supervision, student, "mean_tokens", Number(value, unit="tokens"), published)

    def best(self, supervisions: Sequence[Supervision], student: str, *tables: str) -> list[Point]:
        """The level that is best on the test problems and its teacher there; no interval to printed ones, as it was chosen."""
        named = replace(supervisions[0], level=BEST)
        there = [supervision for supervision in supervisions if (supervision, student) in self.evidence.students]
        if not there:
            return [missing(named, student, measure) for measure in ("accuracy", "teacher_accuracy")]
        best = max(there, key=lambda supervision: self.evidence.students[supervision, student].mean)
        points = []
        for point in (self.accuracy(best, student), self.own(best, student)):
            printed = self._printed(named, student, point.measure, tables)
            published = None
            if printed is not None and point.number.value is not None:
                published = Published(Number(printed.value, runs=printed.measurement.runs), printed.table, None)
            number = replace(point.number, marks=(*point.number.marks, best.level))
            points.append(replace(point, supervision=named, number=number, published=published))
        return points

    def _printed(self, supervision: Supervision, student: str, measure: str, tables: Sequence[str]) -> Printed | None:
        known = self._index.get((measure, as_printed(supervision), student), ())
        return min(
            (number for number in known if number.table in tables),
            key=lambda number: tables.index(number.table),
            default=None,
        )

    @cached_property
    def _index(self) -> dict[tuple[str, Supervision, str], list[Printed]]:
        index: dict[tuple[str, Supervision, str], list[Printed]] = {}
        for number in self.printed:
            index.setdefault((number.measure, number.supervision, number.student), []).append(number)
        return index

    @cached_property
    def _printed_seeds(self) -> dict[tuple[str, str], SeedVariance]:
        return printed_seeds(self.printed)

    def _published(
        self, here: Contrast, supervision: Supervision, student: str, measure: str, tables: Sequence[str]
    ) -> Published | None:
        printed = self._printed(supervision, student, measure, tables)
        if printed is None:
            return None
        there = printed.measurement
        if supervision.level == MEAN:  # its printed standard deviation is one over levels
            there = Summary(there.mean, None, 1, there.n)
        # Several runs share the variance of their student and dataset; one run tells of its problems alone.
        seeds = self._printed_seeds.get((supervision.dataset, student)) if there.runs > 1 else None
        number = Number(printed.value, runs=there.runs)
        return Published(number, printed.table, difference_to_printed(here, there, seeds))


def missing(supervision: Supervision, student: str, measure: str, runs_asked: int = 1) -> Point:
    """A point whose number is not there."""
    unit: Unit = "tokens" if measure == "mean_tokens" else "accuracy"
    return Point(supervision, student, measure, Number(None, runs=0, runs_asked=runs_asked, unit=unit))


def _number(measurement: Measurement, runs_asked: int, marks: tuple[str, ...]) -> Number:
    assert measurement.n is not None
    interval = wilson(round(measurement.mean * measurement.n), measurement.n)
    size = (measurement.n, measurement.runs, runs_asked)
    return Number(measurement.mean, interval.low, interval.high, measurement.sd, *size, marks)


def measured_cells(results: Results) -> int:
    """How many cells have been scored."""
    return sum(results.has_metrics(cell) for cell in requested_cells(results.study))


def measure(results: Results, conditions: Iterable[Condition], printed: Sequence[Printed]) -> Measured:
    """Read what is there of some conditions and of the teachers' own answers; what is not there is missing, no error."""
    wanted = set(conditions)
    asked: dict[Condition, list[Cell]] = {}
    for cell in requested_cells(results.study):
        if (cell.supervision, cell.student) in wanted:
            asked.setdefault((cell.supervision, cell.student), []).append(cell)
    students: dict[Condition, Measurement] = {}
    marks: dict[Condition, tuple[str, ...]] = {}
    tokens: dict[Condition, float] = {}
    clusters = ProblemClusters(results)
    for condition, cells in asked.items():
        scored = {cell: metrics for cell in cells if (metrics := results.find_metrics(cell)) is not None}
        if not scored:
            continue
        students[condition] = item_rows(results, list(scored), clusters)
        marked = {
            EXCERPT: any(metrics.excerpt for metrics in scored.values()),
            LEAKED: any(metrics.leaked_training_rows for metrics in scored.values()),
            NO_END: not all(map(results.has_learned_to_stop, scored)),
        }
        marks[condition] = tuple(sorted(name for name, is_so in marked.items() if is_so))
        training_set = results.find_training_set_manifest(cells[0])
        if training_set is not None:
            tokens[condition] = training_set["mean_tokens"]
    evidence = Evidence(students, teacher_measurements(results, only_there=True))
    seeds = {condition: len(cells) for condition, cells in asked.items()}
    return Measured(evidence, marks, tokens, seeds, printed)
