"""Points: every number of an exhibit with n, runs, interval, marks, and what the paper prints for it; missing ones too."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from gradus.analysis.collection import outcomes, teacher_answers
from gradus.analysis.evidence import Evidence
from gradus.analysis.published import Printed
from gradus.analysis.published_comparison import as_printed, gap, printed_seeds
from gradus.analysis.rows import decoding_of
from gradus.presentation.exhibits.conditions import Condition
from gradus.records import Supervision
from gradus.runtime.jsonl import read_json
from gradus.statistics.contrasts import Contrast, contrast
from gradus.statistics.intervals import wilson
from gradus.statistics.measurements import Measurement, Rows, SeedVariance, Summary
from gradus.study import paths
from gradus.study.config import Study
from gradus.study.grid import asked_cells

MEAN, BEST = "mean", "best"
_COLUMNS = ("dataset", "teacher", "format", "level", "student", "measure", "value", "sd", "runs", "runs_asked", "n")
_BESIDE = ("published", "published_runs", "published_in", "difference", "difference_low", "difference_high", "differs")


@dataclass(frozen=True)
class Beside:
    """What is printed for the same thing; ``difference`` is here minus printed, None where no interval can be had."""

    value: float
    runs: int
    table: str
    difference: Contrast | None


@dataclass(frozen=True)
class Point:
    """One number: accuracies from 0 to 1, or tokens.

    ``value`` is None where it is missing. ``level`` of the place is ``mean`` for a mean over levels (``sd`` is then one over
    levels) and ``best`` for the level that was best on the test problems. ``runs_asked`` are the seeds of the study file.
    """

    place: Supervision
    student: str
    measure: str
    value: float | None
    sd: float | None = None
    runs: int = 0
    runs_asked: int = 1
    n: int | None = None
    low: float | None = None
    high: float | None = None
    marks: tuple[str, ...] = ()
    beside: Beside | None = None

    @property
    def is_partial(self) -> bool:
        """Whether fewer runs are there than the study asks for."""
        return self.runs < self.runs_asked


@dataclass(frozen=True)
class Measured:
    """What is there of some conditions: evidence from the metric files that exist, marks, and what was asked for."""

    evidence: Evidence
    marks: Mapping[Condition, tuple[str, ...]]
    tokens: Mapping[Condition, float]
    seeds_asked: Mapping[Condition, int]
    printed: Sequence[Printed] = field(default_factory=list)

    def accuracy(self, place: Supervision, student: str, *tables: str) -> Point:
        """The accuracy of one condition, beside what ``tables`` print for it."""
        one = self.evidence.students.get((place, student))
        asked = self.seeds_asked.get((place, student), 1)
        if one is None:
            return Point(place, student, "accuracy", None, runs_asked=asked)
        seeds = self.evidence.seeds(place.dataset, student)
        told = self._beside(contrast([(1.0, one)], seeds), place, student, "accuracy", tables)
        marks = self.marks.get((place, student), ())
        return _point(place, student, "accuracy", one, asked, marks, told)

    def mean(self, places: Sequence[Supervision], student: str, *tables: str) -> Point:
        """The mean over the levels that are there; runs as the level with fewest has."""
        found = [place for place in places if (place, student) in self.evidence.students]
        named = Supervision(places[0].dataset, places[0].teacher, places[0].format, MEAN)
        asked = min(self.seeds_asked.get((place, student), 1) for place in places)
        if not found:
            return Point(named, student, "accuracy", None, runs_asked=asked)
        measured = [self.evidence.students[place, student] for place in found]
        pooled = contrast([(1 / len(found), one) for one in measured], self.evidence.seeds(named.dataset, student))
        interval = pooled.interval()
        values = [one.mean for one in measured]
        sd = float(np.std(values, ddof=1)) if len(values) > 1 else None
        marks = {mark for place in found for mark in self.marks.get((place, student), ())}
        if len(found) < len(places):
            marks.add(f"{len(found)} of {len(places)} levels")
        told = self._beside(pooled, named, student, "accuracy", tables)
        runs = min(one.runs for one in measured)
        low, high = max(0.0, interval.low), min(1.0, interval.high)
        return Point(
            named, student, "accuracy", pooled.estimate, sd, runs, asked, measured[0].n, low, high,
            tuple(sorted(marks)), told,
        )  # fmt: skip

    def own(self, place: Supervision, student: str = "", *tables: str) -> Point:
        """A teacher's own accuracy; ``student`` only where the paper tells it for one (the level that was best for it)."""
        one = self.evidence.teachers.get(place)
        if one is None:
            return Point(place, student, "teacher_accuracy", None)
        told = self._beside(
            contrast([(1.0, one)], SeedVariance(float("nan"), 0)), place, student, "teacher_accuracy", tables
        )
        return _point(place, student, "teacher_accuracy", one, 1, (), told)

    def length(self, place: Supervision, student: str, *tables: str) -> Point:
        """Mean tokens of a training example."""
        value = self.tokens.get((place, student))
        if value is None:
            return Point(place, student, "mean_tokens", None)
        printed = self._printed(place, student, "mean_tokens", tables)
        told = Beside(printed.value, 1, printed.table, None) if printed else None
        return Point(place, student, "mean_tokens", value, runs=1, beside=told)

    def printed_beside(self, point: Point, named: Supervision, *tables: str) -> Beside | None:
        """What ``tables`` print for a point under another name (the best of several levels); no interval, it was chosen."""
        printed = self._printed(named, point.student, point.measure, tables)
        if printed is None or point.value is None:
            return None
        return Beside(printed.value, printed.measurement.runs, printed.table, None)

    def _printed(self, place: Supervision, student: str, measure: str, tables: Sequence[str]) -> Printed | None:
        fitting = [one for one in self._index.get((measure, as_printed(place), student), ()) if one.table in tables]
        return min(fitting, key=lambda one: tables.index(one.table), default=None)

    @cached_property
    def _index(self) -> dict[tuple[str, Supervision, str], list[Printed]]:
        index: dict[tuple[str, Supervision, str], list[Printed]] = {}
        for one in self.printed:
            index.setdefault((one.measure, one.place, one.student), []).append(one)
        return index

    @cached_property
    def _printed_seeds(self) -> dict[tuple[str, str], SeedVariance]:
        return printed_seeds(self.printed)

    def _beside(
        self, here: Contrast, place: Supervision, student: str, measure: str, tables: Sequence[str]
    ) -> Beside | None:
        printed = self._printed(place, student, measure, tables)
        if printed is None:
            return None
        there = printed.measurement
        if place.level == MEAN:  # its printed standard deviation is one over levels
            there = Summary(there.mean, None, 1, there.n)
        # Several runs share the variance of their student and dataset; one run tells of its problems alone.
        seeds = self._printed_seeds.get((place.dataset, student)) if there.runs > 1 else None
        return Beside(printed.value, there.runs, printed.table, gap(here, there, seeds))


def _point(
    place: Supervision,
    student: str,
    measure: str,
    one: Measurement,
    asked: int,
    marks: tuple[str, ...],
    beside: Beside | None,
) -> Point:
    assert one.n is not None
    interval = wilson(round(one.mean * one.n), one.n)
    return Point(
        place, student, measure, one.mean, one.sd, one.runs, asked, one.n, interval.low, interval.high, marks, beside
    )


def measured_cells(study: Study) -> int:
    """How many cells have been scored."""
    places = (paths.fill(paths.METRICS, study.study, cell, decoding=decoding_of(study)) for cell in asked_cells(study))
    return sum(Path(place).exists() for place in places)


def measure(study: Study, conditions: Iterable[Condition], printed: Sequence[Printed]) -> Measured:
    """Read what is there of some conditions and of the teachers' own answers; what is not there is missing, no error."""
    students: dict[Condition, Measurement] = {}
    marks: dict[Condition, tuple[str, ...]] = {}
    tokens: dict[Condition, float] = {}
    wanted = set(conditions)
    runs: dict[Condition, list[list[float]]] = {}
    seeds: dict[Condition, int] = {}
    for cell in asked_cells(study):
        key = (cell.supervision, cell.student)
        if key not in wanted:
            continue
        seeds[key] = seeds.get(key, 0) + 1
        metrics = Path(paths.fill(paths.METRICS, study.study, cell, decoding=decoding_of(study)))
        if not metrics.exists():
            continue
        facts = read_json(metrics)
        runs.setdefault(key, []).append(outcomes(study, cell))
        told = {"leaked": facts["leaked_training_rows"], "excerpt": facts["excerpt"]}
        marks[key] = tuple(sorted({*marks.get(key, ()), *(name for name, is_so in told.items() if is_so)}))
        taught = Path(paths.fill(paths.manifest(paths.TRAINING_SET), study.study, cell))
        if taught.exists():
            tokens[key] = read_json(taught)["mean_tokens"]
    for key, rows in runs.items():
        students[key] = Rows(np.array(rows))
    evidence = Evidence(students, teacher_answers(study, only_there=True))
    return Measured(evidence, marks, tokens, seeds, printed)


def to_csv(points: Sequence[Point]) -> str:
    """One line per number; empty values are missing ones."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*_COLUMNS, "interval_low", "interval_high", "marks", *_BESIDE])
    for one in points:
        place = one.place
        digits = 2 if one.measure == "mean_tokens" else 4
        numbers = [one.value, one.sd, one.low, one.high]
        value, sd, low, high = ["" if number is None else f"{number:.{digits}f}" for number in numbers]
        named = [place.dataset, place.teacher, place.format, place.level, one.student, one.measure]
        size = "" if one.n is None else one.n
        told = [value, sd, one.runs, one.runs_asked, size, low, high, " ".join(one.marks)]
        writer.writerow([*named, *told, *_beside_columns(one.beside, digits)])
    return stream.getvalue()


def _beside_columns(beside: Beside | None, digits: int) -> list[str]:
    if beside is None:
        return [""] * len(_BESIDE)
    head = [f"{beside.value:.{digits}f}", str(beside.runs), beside.table]
    if beside.difference is None:
        return [*head, "", "", "", ""]
    interval = beside.difference.interval()
    return [
        *head,
        *(f"{number:.4f}" for number in (interval.value, interval.low, interval.high)),
        str(differs(beside)).lower(),
    ]


def differs(beside: Beside) -> bool:
    """Whether the 95 % interval of the difference leaves zero out."""
    if beside.difference is None:
        return False
    interval = beside.difference.interval()
    return interval.low > 0 or interval.high < 0
