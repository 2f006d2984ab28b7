"""Presence: whether a cell has a number, and why not; and which supervisions cannot be had at all.

The latter is found in the data folder once and then frozen into the study.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Literal

from gradus.records import Cell, Supervision
from gradus.results.store import Results
from gradus.runtime.errors import UserError
from gradus.study import paths
from gradus.study.config import ReleasedTeacher, Study, base_of
from gradus.study.grid import (
    exemplars,
    is_missing,
    is_untaught,
    requested_supervisions,
    solver_of,
    sources,
    splits,
    with_sources,
)
from gradus.study.paths import Artifact
from gradus.teachers.local import released_files

Status = Literal["done", "failed", "unavailable", "missing"]

LONGEST_ERROR = 500
# The last line of a traceback, of a rank or of the program itself.
_EXCEPTION = re.compile(r"^(?:\[rank\d+\]: )?((?:\w+[.])*\w*(?:Error|Exception|Interrupt)\b(?::.*)?)$", re.MULTILINE)


@dataclass(frozen=True)
class Presence:
    """Whether a cell has been scored, and in words why not (empty where it has)."""

    status: Status
    why: str = ""


def presence(results: Results, cell: Cell) -> Presence:
    """What became of a cell: scored, not to be had, stopped by a failed job of anything it is made from, or not run yet."""
    if results.has_metrics(cell):
        return Presence("done")
    if is_missing(results.study, cell.supervision):
        return Presence("unavailable", "its released annotations are not in the data folder")
    for output, log in _jobs(results, cell):
        # Snakemake deletes the outputs of a failed job: an output that is there was made in spite of an error in its log.
        error = None if output.exists() else error_in(log)
        if error is not None:
            return Presence("failed", error)
    return Presence("missing", "it has not run")


def error_in(log: Path) -> str | None:
    """The last error in a log: the message of one of our programs, else the exception of a traceback, else None."""
    if not log.exists():
        return None
    text = log.read_text(encoding="utf-8", errors="replace")
    lines = text.splitlines()
    said = [
        line.split("error:", 1)[1].strip() + _listed(lines[number + 1 :])
        for number, line in enumerate(lines)
        if "error:" in line
    ]
    # The launcher of several ranks only repeats that one of them failed.
    raised = [found.strip() for found in _EXCEPTION.findall(text) if "ChildFailedError" not in found]
    errors = said or raised
    return errors[-1][:LONGEST_ERROR] if errors else None


def _listed(lines: Iterable[str]) -> str:
    """What an error lists on the lines below it, as the end of its own line."""
    found = [line.removeprefix("- ") for line in takewhile(lambda line: line.startswith("- "), lines)]
    return f": {'; '.join(found)}" if found else ""


def _jobs(results: Results, cell: Cell) -> Iterator[tuple[Path, Path]]:
    """The output and the log of every job that a cell's score needs, causes before their consequences."""
    study, supervision = results.study, cell.supervision

    def job(
        pattern: Artifact, key: Supervision | Cell | None = None, file: str = "", **names: str
    ) -> tuple[Path, Path]:
        return results.path(pattern / file if file else pattern, key, **names), results.path(pattern.log, key, **names)

    for split in splits(study, supervision.dataset):
        yield job(paths.PROBLEMS, dataset=supervision.dataset, split=split)
    needed = [] if is_untaught(supervision) else with_sources(study, supervision)
    transforms = [study.transforms[source.format] for source in needed if source.format in study.transforms]
    asked = [student for transform in transforms for student in transform.students().values()]
    for student in dict.fromkeys((*asked, cell.student)):
        yield job(paths.STUDENT, file="manifest.json", student=base_of(student))
    for dataset, teacher, format_ in exemplars(study, needed):
        yield job(paths.EXEMPLAR, dataset=dataset, teacher=teacher, format=format_)
    for source in needed:
        for phase in ("submit", "collect"):
            yield job(paths.BATCH, source, phase=phase)
        transform = study.transforms.get(source.format)
        scorer = None if transform is None else transform.scorer()
        if scorer is not None:
            for read in sources(study, source):
                yield job(paths.TEXT_SCORES, read, student=scorer)
        solver = solver_of(study, source)
        if solver is not None:
            asked_cell, decoding = solver
            yield job(paths.CHECKPOINT, asked_cell, file="manifest.json")
            for pattern in (paths.PREDICTIONS, paths.METRICS):
                yield job(pattern, asked_cell, problems=paths.TRAIN, decoding=decoding)
        yield job(paths.ANNOTATIONS, source)
    if not is_untaught(supervision):
        yield job(paths.TRAINING_SET, cell)
        yield job(paths.CHECKPOINT, cell, file="manifest.json")
        yield job(paths.LEAK_CHECK, dataset=supervision.dataset, problems=paths.TEST)
    for pattern in (paths.PREDICTIONS, paths.METRICS):
        yield job(pattern, cell, problems=paths.TEST, decoding=results.main_decoding)


def with_unavailable(study: Study, data_folder: Path | None) -> Study:
    """The study with its unavailable supervisions written down; as it is where they are known already.

    From then on its grid depends on nothing but the study. Without released annotations in the data folder nothing counts
    as unavailable: the job that needs them says what to do. UserError where not one of the released files that the study
    names is there: nothing of what it asks could be told.
    """
    if study.unavailable is not None:
        return study
    found: list[str] = []
    if data_folder is not None and (data_folder / released_files.FOLDER).is_dir():
        every = [
            supervision
            for experiment in study.experiments.values()
            for supervision in requested_supervisions(experiment)
        ]
        needed = dict.fromkeys(source for supervision in every for source in with_sources(study, supervision))
        released = [source for source in needed if _is_released(study, source)]
        found = [str(source) for source in released if _is_unavailable(study, source, data_folder)]
        if found and len(found) == len(released):
            raise UserError(
                f"none of the {len(found)} released supervisions of this study is there ({found[0]} is the first)",
                where=data_folder / released_files.FOLDER,
                hint="put the files that the authors released into this folder; docs/reference/datasets.md says from where",
            )
    return study.model_copy(update={"unavailable": found})


def _is_released(study: Study, supervision: Supervision) -> bool:
    return (
        isinstance(study.teachers[supervision.teacher], ReleasedTeacher) and supervision.format not in study.transforms
    )


def _is_unavailable(study: Study, supervision: Supervision, data_folder: Path) -> bool:
    section = study.teachers[supervision.teacher]
    assert isinstance(section, ReleasedTeacher)  # nothing else is asked
    return released_files.is_missing(supervision, section.author, data_folder)
