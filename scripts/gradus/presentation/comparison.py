"""Comparison of two studies: what both trained and scored on the same problems, paired by problem."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

from gradus.analysis.collection import measured, problems_of_test
from gradus.records import Supervision
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_json
from gradus.statistics.contrasts import Contrast, difference
from gradus.statistics.measurements import Measurement, pooled_seed_variance
from gradus.study import paths
from gradus.study.config import Study, load

_COLUMNS = ("dataset", "supervision", "student", "first", "runs_first", "second", "runs_second", "n", "difference")


@dataclass(frozen=True)
class Compared:
    """One supervision and student in both studies; ``gap`` is second minus first."""

    place: Supervision
    student: str
    first: Measurement
    second: Measurement
    gap: Contrast

    @property
    def differs(self) -> bool:
        """Whether the 95 % interval of the difference leaves zero out."""
        interval = self.gap.interval()
        return interval.low > 0 or interval.high < 0


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
        found.append(Compared(place, student, one, two, difference(two, one, pooled_seed_variance(known))))
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


def to_csv(pairs: Sequence[Compared]) -> str:
    """One line per supervision and student, shares between 0 and 1."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*_COLUMNS, "interval_low", "interval_high", "differs", "reach"])
    for one in pairs:
        interval = one.gap.interval()
        numbers = [f"{number:.4f}" for number in (interval.value, interval.low, interval.high)]
        both = [f"{one.first.mean:.4f}", one.first.runs, f"{one.second.mean:.4f}", one.second.runs, one.first.n]
        told = [str(one.differs).lower(), one.gap.reach]
        writer.writerow([one.place.dataset, one.place.short, one.student, *both, *numbers, *told])
    return stream.getvalue()


def to_markdown(pairs: Sequence[Compared], first: str, second: str) -> str:
    """The same for people, with how to read it."""
    apart = sum(one.differs for one in pairs)
    lines = [
        f"{len(pairs)} supervisions and students are in both; {apart} differ (95 %, each by itself: {0.05 * len(pairs):.1f} "
        "would by chance). Differences are paired by problem; with one run each they speak of the checkpoints alone.",
        "",
        f"| dataset | supervision | student | {first} (runs) | {second} (runs) | difference, 95 % interval | |",
        "|---|---|---|---:|---:|---:|---|",
    ]
    for one in pairs:
        interval = one.gap.interval()
        told = f"{100 * interval.value:+.1f} [{100 * interval.low:+.1f}, {100 * interval.high:+.1f}]"
        both = f"{100 * one.first.mean:.1f} ({one.first.runs}) | {100 * one.second.mean:.1f} ({one.second.runs})"
        mark = "differs" if one.differs else ""
        lines.append(f"| {one.place.dataset} | {one.place.short} | {one.student} | {both} | {told} | {mark} |")
    return "\n".join(lines)
