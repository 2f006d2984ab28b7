"""What a study took, by stage and experiment: hours of processors and GPUs, energy, dollars and tokens, failed tries included.

Counted from the tries that jobs leave (``runtime.attempts``); of the short jobs that leave none, from Snakemake's benchmark of
their last run.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gradus.runtime.attempts import Attempted, attempts
from gradus.runtime.folders import files_below
from gradus.study.config import Study
from gradus.study.config.study import Power
from gradus.study.grid import experiment_cells, with_sources

HEADS = (
    *(
        "stage",
        "experiments",
        "tries",
        "unfinished",
        "wall_hours",
        "cpu_hours",
        "gpu_hours",
        "kwh_measured",
        "kwh_declared",
    ),
    *("usd", "input_tokens", "output_tokens"),
)
ALL = "all"


@dataclass
class Spent:
    """The sums of one stage (a folder of results) for the experiments that share its jobs.

    ``unfinished`` are the tries that failed, were stopped or killed. ``kwh_measured`` is what GPUs' own counters told of
    the steps of finished trainings, None where none told; ``kwh_declared`` follows from the study's ``power``, None without it.
    """

    stage: str
    experiments: str
    tries: int = 0
    unfinished: int = 0
    wall_hours: float = 0.0
    cpu_hours: float = 0.0
    gpu_hours: float = 0.0
    kwh_measured: float | None = None
    kwh_declared: float | None = None
    usd: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0

    def add(self, attempt: Attempted) -> None:
        """Count one try."""
        self.tries += 1
        self.unfinished += attempt.outcome != "finished"
        self.wall_hours += attempt.wall_seconds / 3600
        self.cpu_hours += attempt.cpu_seconds / 3600
        self.gpu_hours += attempt.gpu_hours
        if attempt.energy_joules is not None:
            self.kwh_measured = (self.kwh_measured or 0.0) + attempt.energy_joules / 3.6e6
        self.usd += attempt.usd
        self.input_tokens += attempt.input_tokens
        self.output_tokens += attempt.output_tokens

    def declare(self, power: Power | None) -> None:
        """The energy by the watts that the study declares."""
        if power is not None:
            self.kwh_declared = (self.gpu_hours * power.gpu_watts + self.cpu_hours * power.core_watts) / 1000


def spent_by_stage(folder: Path, study: Study) -> list[Spent]:
    """The sums by stage and experiments, the whole last; jobs that several experiments share have a row of their own."""
    names = _experiments(study)
    rows: dict[tuple[str, str], Spent] = {}
    total = Spent(ALL, ALL)
    for one in _every(folder):
        stage, _, inside = one.output.partition("/")
        key = (stage, names_of(inside, names))
        rows.setdefault(key, Spent(*key)).add(one)
        total.add(one)
    found = [rows[key] for key in sorted(rows)] + [total]
    for row in found:
        row.declare(study.power)
    return found


def names_of(inside: str, names: dict[str, list[str]]) -> str:
    """The experiments that an output is for, by the longest part of its path that tells; all of them where none does."""
    parts = inside.split("/")
    for length in range(len(parts), 0, -1):
        found = names.get("/".join(parts[:length]))
        if found:
            return " + ".join(found)
    return ALL


def _experiments(study: Study) -> dict[str, list[str]]:
    """The experiments that need a cell, a supervision (with all that it is made from), a dataset or a student."""
    found: dict[str, list[str]] = {}
    for name, experiment in study.experiments.items():
        wanted: dict[str, None] = dict.fromkeys([*experiment.datasets, *experiment.students, *experiment.transfer])
        for cell in experiment_cells(study, experiment):
            wanted[str(cell)] = None
            wanted |= dict.fromkeys(str(source) for source in with_sources(study, cell.supervision))
        for key in wanted:
            found.setdefault(key, []).append(name)
    return found


def _every(folder: Path) -> Iterator[Attempted]:
    """All tries, and the last run of every job that leaves none."""
    counted = set()
    for attempt in attempts(folder):
        counted.add(attempt.output)
        yield attempt
    root = folder / "benchmarks"
    for path in files_below(root, ".tsv"):
        output = path.relative_to(root).as_posix().removesuffix(".tsv")
        if output in counted:
            continue
        try:
            with open(path, encoding="utf-8", newline="") as stream:
                for row in csv.DictReader(stream, delimiter="\t"):
                    wall, cpu = (float(row[name]) for name in ("s", "cpu_time"))
                    yield Attempted(output, "finished", wall, cpu, 0, None, 0.0, 0, 0)
        except (OSError, ValueError, KeyError, TypeError):
            continue
