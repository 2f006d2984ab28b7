"""Comparison of two studies: what both trained and scored on the same problems, paired by problem."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

from gradus.analysis.collection import measured, problems_of_test
from gradus.presentation import difference
from gradus.presentation.table import csv_text
from gradus.records import Supervision
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_json
from gradus.statistics.contrasts import Contrast
from gradus.statistics.contrasts import difference as paired_difference
from gradus.statistics.measurements import Measurement, pooled_seed_variance
from gradus.study import paths
from gradus.study.config import Study, load

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
    sides = [_read(folder) for folder in (first, second)]
    shared = [key for key in sides[0][0] if key in sides[1][0]]
    if not shared:
        raise UserError(
            "the two studies have no scored cell in common",
            where=f"{first} and {second}",
            hint="datasets, teachers, formats, levels and students are compared by their names",
        )
    for dataset in dict.fromkeys(place.dataset for place, _ in shared):
        if sides[0][1][dataset] != sides[1][1][dataset]:
            raise UserError(f"the test problems of {dataset} are not the same in both", where=f"{first} and {second}")
    found = []
    for place, student in shared:
        one, two = sides[0][0][place, student], sides[1][0][place, student]
        known = [
            side[0][key] for side in sides for key in side[0] if (key[0].dataset, key[1]) == (place.dataset, student)
        ]
        found.append(Compared(place, student, one, two, paired_difference(two, one, pooled_seed_variance(known))))
    return found


def _read(folder: Path) -> tuple[dict[tuple[Supervision, str], Measurement], dict[str, list[str]]]:
    """What was measured, and the ids of the test problems per dataset."""
    copy = folder / Path(paths.STUDY_COPY).name
    if not copy.exists():
        raise UserError("holds no study", where=folder, hint="name results/STUDY of a study that has run")
    study: Study = load(read_json(copy), str(copy))
    with chdir(os.path.normpath(folder / ".." / "..")):
        found: dict[tuple[Supervision, str], Measurement] = {**measured(study)}
        return found, {
            name: problems_of_test(study, name) for name in dict.fromkeys(place.dataset for place, _ in found)
        }


def to_csv(comparisons: Sequence[Compared]) -> str:
    """One line per supervision and student, shares between 0 and 1."""
    return csv_text(
        [*_COLUMNS, *difference.CSV_COLUMNS, "reach"],
        [
            [
                *(one.supervision.dataset, one.supervision.short, one.student),
                *(one.first.mean, one.first.runs, one.second.mean, one.second.runs, one.first.n),
                *(*difference.csv_values(one.difference), one.difference.reach),
            ]
            for one in comparisons
        ],
    )


def to_markdown(comparisons: Sequence[Compared], first: str, second: str) -> str:
    """The same for people, with how to read it."""
    heads = ["dataset", "supervision", "student", f"{first} (runs)", f"{second} (runs)"]
    differences = [
        difference.between(one.supervision, one.student, one.first, one.second, one.difference) for one in comparisons
    ]
    table = difference.table([*heads, "difference, 95 % interval", ""], differences, align="lllrrrl")
    return (
        f"{len(comparisons)} supervisions and students are in both; "
        f"{difference.summary([one.difference for one in comparisons])} "
        "Differences are paired by problem; with one run each they speak of the checkpoints alone.\n\n"
        f"{table.markdown()}"
    )
