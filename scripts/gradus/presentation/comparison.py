"""Comparison of two studies: what both trained and scored on the same problems, paired by problem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gradus.analysis.collection import measured
from gradus.presentation import difference
from gradus.presentation.table import csv_text
from gradus.records import Condition, Supervision
from gradus.results.store import Results
from gradus.runtime.errors import UserError
from gradus.statistics.contrasts import Contrast
from gradus.statistics.contrasts import difference as paired_difference
from gradus.statistics.measurements import Measurement, pooled_seed_variance

_COLUMNS = ("dataset", "supervision", "student", "first", "runs_first", "second", "runs_second", "n")


@dataclass(frozen=True)
class Compared:
    """One supervision and student in both studies; ``difference`` is second minus first."""

    supervision: Supervision
    student: str
    first: Measurement
    second: Measurement
    difference: Contrast


def compare(first: Path, second: Path) -> list[Compared]:
    """All that both studies have by the same names; UserError where they share nothing or were tested on other problems."""
    studies = (Results.open(first), Results.open(second))
    here, there = (measured(results) for results in studies)
    for folder, found in ((first, here), (second, there)):
        if not found:
            hint = "run it first, or `metrics` of it; `so_far` shows what there is"
            raise UserError("no cell of the study is scored yet", where=folder, hint=hint)
    shared = [condition for condition in here if condition in there]
    if not shared:
        raise UserError(
            "the two studies have no scored cell in common",
            where=f"{first} and {second}",
            hint="datasets, teachers, formats, levels and students are compared by their names",
        )
    for dataset in dict.fromkeys(supervision.dataset for supervision, _ in shared):
        ours, theirs = (
            [(problem.id, problem.full_text) for problem in results.problems(dataset, "test")] for results in studies
        )
        if ours != theirs:
            raise UserError(f"the test problems of {dataset} are not the same in both", where=f"{first} and {second}")
    return [_compared(supervision, student, here, there) for supervision, student in shared]


def _compared(
    supervision: Supervision,
    student: str,
    here: Mapping[Condition, Measurement],
    there: Mapping[Condition, Measurement],
) -> Compared:
    """One condition of both; the variance over runs is that of the student on the dataset, pooled over both studies."""
    known = [
        measurement
        for side in (here, there)
        for (other, name), measurement in side.items()
        if (other.dataset, name) == (supervision.dataset, student)
    ]
    first, second = here[supervision, student], there[supervision, student]
    gap = paired_difference(second, first, pooled_seed_variance(known))
    return Compared(supervision, student, first, second, gap)


def to_csv(comparisons: Sequence[Compared]) -> str:
    """One line per supervision and student, shares between 0 and 1."""
    return csv_text(
        [*_COLUMNS, *difference.CSV_COLUMNS, "reach"],
        [
            [
                *(row.supervision.dataset, row.supervision.short, row.student),
                *(row.first.mean, row.first.runs, row.second.mean, row.second.runs, row.first.n),
                *(*difference.csv_values(row.difference), row.difference.speaks_of),
            ]
            for row in comparisons
        ],
    )


def to_markdown(comparisons: Sequence[Compared], first: str, second: str) -> str:
    """The same for people, with how to read it."""
    heads = ["dataset", "supervision", "student", f"{first} (runs)", f"{second} (runs)"]
    differences = [
        difference.between(row.supervision, row.student, row.first, row.second, row.difference) for row in comparisons
    ]
    table = difference.table([*heads, "difference, 95 % interval", ""], differences, align="lllrrrl")
    return (
        f"{len(comparisons)} supervisions and students are in both; "
        f"{difference.summary([row.difference for row in comparisons])} "
        "Differences are paired by problem; with one run each they speak of the checkpoints alone.\n\n"
        f"{table.markdown()}"
    )
