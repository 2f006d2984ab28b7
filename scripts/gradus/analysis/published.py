"""Published numbers as evidence: means and standard deviations that a paper printed, judged like a study of one's own."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gradus.analysis.claims.catalogue import judged_claims
from gradus.analysis.claims.gains import length_is_not_granularity
from gradus.analysis.claims.statements import Statement, judged
from gradus.analysis.claims.teachers import better_teacher_better_student
from gradus.analysis.evidence import Evidence
from gradus.records import Supervision
from gradus.runtime.errors import UserError
from gradus.statistics.measurements import Measurement, Summary

COLUMNS = ("table", "measure", "student", "dataset", "teacher", "format", "level", "value", "sd", "runs", "problems")


@dataclass(frozen=True)
class Printed:
    """One printed number; accuracies and their standard deviations from 0 to 1."""

    table: str
    measure: str
    student: str
    supervision: Supervision
    value: float
    measurement: Summary


def read(path: Path) -> list[Printed]:
    """The rows of a file of published numbers; UserError names the line that is none."""
    try:
        return _rows(path)
    except (UnicodeDecodeError, csv.Error):
        raise UserError("is no CSV file in UTF-8", where=path) from None


def _rows(path: Path) -> list[Printed]:
    found = []
    with open(path, encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream)
        if tuple(rows.fieldnames or ()) != COLUMNS:
            raise UserError("other columns than expected", where=path, hint=f"expected {', '.join(COLUMNS)}")
        for number, row in enumerate(rows, 2):
            try:
                scale = 100 if "accuracy" in row["measure"] else 1
                value = float(row["value"]) / scale
                sd = float(row["sd"]) / scale if row["sd"] else None
                problems = int(row["problems"]) if row["problems"] else None
                summary = Summary(value, sd, int(row["runs"]), problems)
            except (TypeError, ValueError) as error:
                raise UserError(f"no number: {error}", where=f"{path}:{number}") from None
            supervision = Supervision(row["dataset"], row["teacher"], row["format"], row["level"])
            found.append(Printed(row["table"], row["measure"], row["student"], supervision, value, summary))
    return found


def accuracies(printed: Sequence[Printed], *tables: str) -> dict[tuple[Supervision, str], Measurement]:
    """The accuracies of some tables by supervision and student; single levels and baselines, no means over levels."""
    return {
        (one.supervision, one.student): one.measurement
        for one in printed
        if one.table in tables and one.measure == "accuracy" and one.supervision.level != "mean"
    }


def _teachers(printed: Sequence[Printed], table: str, student: str | None = None) -> dict[Supervision, Measurement]:
    return {
        one.supervision: one.measurement
        for one in printed
        if one.table == table and one.measure == "teacher_accuracy" and student in (None, one.student)
    }


def granularity(printed: Sequence[Printed]) -> Evidence:
    """Three runs of every level, answer-only, and the teacher's own accuracy (Table 10, Figure 3)."""
    return Evidence(accuracies(printed, "Table 10"), _teachers(printed, "Figure 3"))


def single_runs(printed: Sequence[Printed]) -> Evidence:
    """The single runs that Figure 3 shows."""
    return Evidence(accuracies(printed, "Figure 3"), _teachers(printed, "Figure 3"))


def formats(printed: Sequence[Printed]) -> Evidence:
    """Three runs of every format (Table 3)."""
    return Evidence(accuracies(printed, "Table 3"))


def padding(printed: Sequence[Printed]) -> Evidence:
    """One run each of levels 1 and 5 and level 1 padded (Table 2)."""
    return Evidence(accuracies(printed, "Table 2"))


def best_levels(printed: Sequence[Printed]) -> list[Evidence]:
    """Per student: every teacher at the level that was best for it (Figure 4)."""
    students = accuracies(printed, "Figure 4")
    return [
        Evidence(
            {key: one for key, one in students.items() if key[1] == name},
            {
                Supervision(supervision.dataset, supervision.teacher, supervision.format, "best"): one
                for supervision, one in _teachers(printed, "Figure 4", name).items()
            },
        )
        for name in dict.fromkeys(student for _, student in students)
    ]


def chen_2025(printed: Sequence[Printed]) -> Mapping[str, list[Statement]]:
    """The claims of Chen et al. (2025), each from what the paper prints for it."""
    chosen: Mapping[str, Callable[[], list[Statement]]] = {
        "Granularity (Tables 1 and 10, three runs; teachers from Figure 3)": lambda: judged_claims(
            granularity(printed)
        ),
        "Formats (Table 3, three runs)": lambda: judged_claims(formats(printed)),
        "Padding (Table 2, one run)": lambda: judged(
            length_is_not_granularity(padding(printed), {"padded-to-L5": "L5"})
        ),
        "Teachers (Figure 3, one run)": lambda: judged(better_teacher_better_student(single_runs(printed))),
        "Teachers (Figure 4, one run, the level chosen on the test problems)": lambda: judged(
            [one for evidence in best_levels(printed) for one in better_teacher_better_student(evidence)]
        ),
    }
    return {title: make() for title, make in chosen.items()}
