"""Catalogue: the exhibits, and the points of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gradus.presentation.exhibits.conditions import (
    asked,
    formats,
    levels,
    main_tested,
    matthew,
    padding,
    shared_levels,
    teachers,
    tested,
)
from gradus.presentation.exhibits.points import Measured, Point
from gradus.records import Condition, Supervision
from gradus.records.vocabulary import ANSWER_ONLY
from gradus.study.config import Study


@dataclass(frozen=True)
class Exhibit:
    """One table or figure, and how the conditions that it shows become points."""

    title: str
    question: str
    points: Callable[[Study, Measured], list[Point]]


def _level_points(study: Study, measured: Measured) -> list[Point]:
    return [measured.accuracy(supervision, student, "Table 10") for supervision, student in levels(study)]


def _format_points(study: Study, measured: Measured) -> list[Point]:
    return [measured.accuracy(supervision, student, "Table 3") for supervision, student in formats(study)]


def _padding_points(study: Study, measured: Measured) -> list[Point]:
    return [
        point
        for supervision, student in padding(study)
        for point in (
            measured.accuracy(supervision, student, "Table 2"),
            measured.length(supervision, student, "Table 2"),
        )
    ]


def _tested_points(study: Study, measured: Measured) -> list[Point]:
    chosen = main_tested(study)
    own = [
        measured.own(supervision, "", "Figure 3")
        for supervision in dict.fromkeys(supervision for supervision, _ in chosen)
    ]
    return own + [measured.accuracy(supervision, student, "Figure 3") for supervision, student in chosen]


def _best_points(study: Study, measured: Measured) -> list[Point]:
    """Per teacher, dataset and student the level that was best on the test problems, as the paper chooses it."""
    return [
        point
        for student, supervisions in _by_teacher(tested(study))
        for point in measured.best(supervisions, student, "Figure 4")
    ]


def _teacher_points(study: Study, measured: Measured) -> list[Point]:
    return _means(measured, teachers(study), lambda condition: (condition[0].dataset, condition[1]), "Figure 13")


def _by_teacher(conditions: Iterable[Condition]) -> list[tuple[str, list[Supervision]]]:
    """A student and its supervisions of one dataset by one teacher."""
    grouped: dict[tuple[str, str, str], list[Supervision]] = {}
    for supervision, student in conditions:
        grouped.setdefault((supervision.dataset, supervision.teacher, student), []).append(supervision)
    return [(student, supervisions) for (_, _, student), supervisions in grouped.items()]


def _means(
    measured: Measured, conditions: Iterable[Condition], compared: Callable[[Condition], object], *tables: str
) -> list[Point]:
    """The mean over the levels of every teacher; the accuracy itself where there is one level alone.

    Conditions for which ``compared`` gives the same are held against one another: their means are over those levels that
    have been measured for all of them of which anything has.
    """
    listed = list(conditions)
    levels_there: dict[object, dict[tuple[str, str, str], set[str]]] = {}
    for supervision, student in listed:
        if (supervision, student) in measured.evidence.students:
            series = levels_there.setdefault(compared((supervision, student)), {})
            series.setdefault((supervision.dataset, supervision.teacher, student), set()).add(supervision.level)
    shared = {key: shared_levels(series.values()) for key, series in levels_there.items()}
    return [
        measured.mean(supervisions, student, shared.get(compared((supervisions[0], student)), set()), *tables)
        if len(supervisions) > 1
        else measured.accuracy(supervisions[0], student, *tables)
        for student, supervisions in _by_teacher(listed)
    ]


def _matthew_points(study: Study, measured: Measured) -> list[Point]:
    found = matthew(study)
    bare = [
        measured.accuracy(supervision, student, "Figure 6", "Table 10")
        for supervision, student in found
        if supervision.format == ANSWER_ONLY
    ]
    taught = [condition for condition in found if condition[0].format != ANSWER_ONLY]
    return bare + _means(measured, taught, lambda _: "all", "Figure 6")


def _grid_points(study: Study, measured: Measured) -> list[Point]:
    return [measured.accuracy(supervision, student, *_ANYWHERE) for supervision, student in asked(study)]


_ANYWHERE = ("Table 10", "Table 3", "Table 2", "Figure 13")
_DETAIL = "Which level of detail suits which student?"

EXHIBITS = {
    "table-1": Exhibit("Table 1: granularity", _DETAIL, _level_points),
    "table-2": Exhibit("Table 2: padding", "Is it the length of fine rationales that helps?", _padding_points),
    "table-3": Exhibit("Table 3: formats", "Which format suits which student?", _format_points),
    "table-10": Exhibit("Table 10: granularity, with spread and intervals", _DETAIL, _level_points),
    "figure-2": Exhibit("Figure 2: accuracy by level", _DETAIL, _level_points),
    "figure-3": Exhibit(
        "Figure 3: students and teachers by level",
        "Do students follow the levels at which their teacher solves more itself?",
        _tested_points,
    ),
    "figure-4": Exhibit(
        "Figure 4: students and teachers at the level that was best on the test problems",
        "Do better teachers have better students?",
        _best_points,
    ),
    "figure-5": Exhibit(
        "Figure 5: teachers, mean over datasets",
        "Whose rationales teach most, over all datasets?",
        _teacher_points,
    ),
    "figure-6": Exhibit(
        "Figure 6: bare answers and rationales",
        "Do students gain more from rationales that know more already?",
        _matthew_points,
    ),
    "figure-13": Exhibit("Figure 13: teachers by dataset", "Whose rationales teach most?", _teacher_points),
    "grid": Exhibit("The grid", "What is there, and how good is it?", _grid_points),
}
