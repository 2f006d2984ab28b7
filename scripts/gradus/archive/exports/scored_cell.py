"""What every export needs of a scored cell: its metrics, problems, texts and verdicts, and the names it goes by outside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gradus.archive.provenance import EvaluatedCell, parse_metric
from gradus.records import Prediction, Problem, Scored
from gradus.records.metrics import Metrics
from gradus.results.store import Results
from gradus.runtime.atomic import sha256_file
from gradus.runtime.errors import UserError
from gradus.runtime.folders import files_below
from gradus.runtime.jsonl import read_records
from gradus.study import paths
from gradus.study.config import BuiltStudent
from gradus.study.config.decodings import Decoding
from gradus.study.grid import is_untaught


@dataclass(frozen=True)
class Output:
    """One text with its problem and its verdict."""

    problem: Problem
    prediction: Prediction
    scored: Scored


@dataclass(frozen=True)
class ScoredCell:
    """A cell on some problems with a decoding. ``outputs`` are in the order of the predictions."""

    results: Results
    evaluated: EvaluatedCell
    metrics: Metrics
    outputs: tuple[Output, ...]
    metrics_sha256: str
    when: datetime

    @property
    def dataset(self) -> str:
        """The dataset whose problems were asked."""
        return paths.split_of(self.evaluated.cell.supervision.dataset, self.evaluated.problems)[0]

    @property
    def split(self) -> str:
        """Their split."""
        return paths.split_of(self.evaluated.cell.supervision.dataset, self.evaluated.problems)[1]

    @property
    def decoding(self) -> Decoding:
        """How the texts were written."""
        return self.results.study.decodings[self.evaluated.decoding]

    @property
    def base_model(self) -> str | None:
        """Folder or hub id of the student's base model; None where Gradus built it."""
        section = self.results.study.origin_of(self.evaluated.cell.student)
        return None if isinstance(section, BuiltStudent) else section.model

    @property
    def is_untaught(self) -> bool:
        """Whether it is the base model itself."""
        return is_untaught(self.evaluated.cell.supervision)

    @property
    def name(self) -> str:
        """A portable name of the model: study, supervision, student and seed."""
        cell = self.evaluated.cell
        parts = (self.results.study.study, *str(cell.supervision).split("/"), cell.student, f"seed{cell.seed}")
        return re.sub(r"[^A-Za-z0-9._-]+", "-", "-".join(parts))

    @property
    def task(self) -> str:
        """The dataset, and split and decoding where they are not the usual ones."""
        more = [self.split] if self.split != paths.TEST else []
        more += [self.evaluated.decoding] if self.evaluated.decoding != self.results.main_decoding else []
        return "-".join([self.dataset, *more])


def scored_cells(what: Path) -> Iterator[ScoredCell]:
    """The scored cells of a study's folder, a folder below its metrics, or one metric file, in the order of their paths.

    Raises UserError where there are none, or where a file that belongs to one is absent or malformed.
    """
    folder = what / "metrics" if (what / Path(paths.STUDY_COPY).name).exists() else what
    files = [folder] if folder.is_file() else files_below(folder, ".json")
    found = [str(path) for path in files if paths.METRICS.wildcards_in(path.as_posix()) and path.name.count(".") == 1]
    if not found:
        hint = f"name results/STUDY, or a file or folder below its metrics: {paths.METRICS}"
        raise UserError("no scored cell", where=what, hint=hint)
    opened: dict[Path, Results] = {}
    for path in found:
        study, evaluated = parse_metric(path)
        if study not in opened:
            opened[study] = Results.open(study)
        yield _read(opened[study], evaluated, Path(path))


def _read(results: Results, evaluated: EvaluatedCell, metric: Path) -> ScoredCell:
    cell, decoding, asked = evaluated.cell, evaluated.decoding, evaluated.problems
    study, dataset = results.study, cell.supervision.dataset
    if decoding not in study.decodings:
        raise UserError(f"the study has no decoding {decoding!r}", where=metric)
    problems = {one.id: one for one in read_records(results.root / paths.problems_file(study, dataset, asked), Problem)}
    predictions = {one.key: one for one in results.predictions(cell, decoding, asked)}
    outputs = []
    for row in results.scored(cell, decoding, asked):
        if row.problem_id not in problems or row.key not in predictions:
            raise UserError(f"{row.key!r} is in the scores but not in the problems or predictions", where=metric)
        outputs.append(Output(problems[row.problem_id], predictions[row.key], row))
    return ScoredCell(
        results,
        evaluated,
        results.metrics(cell, decoding, asked),
        tuple(outputs),
        sha256_file(metric),
        datetime.fromtimestamp(int(metric.stat().st_mtime), UTC),
    )
