"""The store: the one way to read what a study has.

Everything that comes after scoring takes a ``Results``. No path is built from the working folder: ``root`` is the folder
that holds ``results/``.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, TypeVar

from gradus.records import Annotation, Cell, Prediction, Problem, Scored, Supervision
from gradus.records.fits import Fit
from gradus.records.metrics import Metrics
from gradus.results.facts import (
    AnnotationAudit,
    AnnotationManifest,
    CheckpointManifest,
    DatasetAudit,
    TelemetryStep,
    TraceStep,
    TrainingRun,
    TrainingSetManifest,
)
from gradus.results.scored_counts import refuse_other_rows
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_json, read_objects, read_records
from gradus.runtime.record import Record
from gradus.study import paths
from gradus.study.config import Study, load

# Nats: a student that ends where its texts end gives the end token nine parts in ten.
LEARNED_END = 0.1
_FOLDERS = ("data", "annotations", "checkpoints", "predictions", "metrics")
_NAMED = 8  # studies that a message names

F = TypeVar("F")
R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Results:
    """The files of one study below ``root``.

    A method named ``find_...`` returns None (or no records) where the file is not there. Every other one raises UserError,
    which names the file and, where there is one, the line.
    """

    root: Path
    study: Study

    @classmethod
    def open(cls, folder: Path) -> Results:
        """The results in ``results/NAME``; UserError where the folder holds no study."""
        copy = folder / Path(paths.STUDY_COPY).name
        if not copy.exists():
            raise _no_study(folder, copy.name)
        study = load(read_json(copy), str(copy))
        if Path(os.path.normpath(folder.absolute())).name != study.study:
            what = f"holds the study {study.study!r} under another name"
            raise UserError(what, where=folder, hint="rename the folder")
        return cls(Path(os.path.normpath(folder / ".." / "..")), study)

    @property
    def main_decoding(self) -> str:
        """The decoding that tables show: the first of the study file."""
        return next(iter(self.study.decodings))

    def path(self, pattern: paths.Artifact, key: Supervision | Cell | None = None, **wildcards: str | int) -> Path:
        """A pattern of ``paths`` with its wildcards filled; KeyError where one is missing."""
        return self.root / pattern.of(self.study.study, key, **wildcards)

    def metrics(self, cell: Cell, decoding: str | None = None, problems: str = paths.TEST) -> Metrics:
        """The scores of a cell, with the main decoding and on its test split unless others are named."""
        path = self._evaluated(paths.METRICS, cell, decoding, problems)
        try:
            found = Metrics.from_json(read_json(path))
        except UserError as error:
            raise UserError(error.what, where=path, hint=error.hint) from None
        refuse_other_rows(path, found, self._evaluated(paths.SCORED, cell, decoding, problems))
        return found

    def find_metrics(self, cell: Cell, decoding: str | None = None, problems: str = paths.TEST) -> Metrics | None:
        """The scores of a cell, if it has been scored."""
        return self.metrics(cell, decoding, problems) if self.has_metrics(cell, decoding, problems) else None

    def has_metrics(self, cell: Cell, decoding: str | None = None, problems: str = paths.TEST) -> bool:
        """Whether a cell has been scored."""
        return self._evaluated(paths.METRICS, cell, decoding, problems).exists()

    def scored(self, cell: Cell, decoding: str | None = None, problems: str = paths.TEST) -> list[Scored]:
        """One row per prediction, in the order of the problems."""
        return read_records(self._evaluated(paths.SCORED, cell, decoding, problems), Scored)

    def find_scored(self, cell: Cell, decoding: str | None = None, problems: str = paths.TEST) -> list[Scored]:
        """The same; nothing where the cell has not been scored."""
        return _found_records(self._evaluated(paths.SCORED, cell, decoding, problems), Scored)

    def outcomes(self, cell: Cell, decoding: str | None = None, problems: str = paths.TEST) -> list[float]:
        """The share of its samples with which a cell solved each problem, in the order of the problems."""
        solved: dict[str, list[bool]] = {}
        for row in self.scored(cell, decoding, problems):
            solved.setdefault(row.problem_id, []).append(row.correct)
        return [fmean(samples) for samples in solved.values()]

    def predictions(self, cell: Cell, decoding: str | None = None, problems: str = paths.TEST) -> list[Prediction]:
        """What a student wrote, in the order of the problems."""
        return read_records(self._evaluated(paths.PREDICTIONS, cell, decoding, problems), Prediction)

    def find_predictions(self, cell: Cell, decoding: str | None = None, problems: str = paths.TEST) -> list[Prediction]:
        """The same; nothing where the student has written nothing yet."""
        return _found_records(self._evaluated(paths.PREDICTIONS, cell, decoding, problems), Prediction)

    def problems(self, dataset: str, split: str) -> list[Problem]:
        """The problems of a split, in order."""
        return read_records(self.path(paths.PROBLEMS, dataset=dataset, split=split), Problem)

    def find_problems(self, dataset: str, split: str) -> list[Problem]:
        """The same; nothing where the dataset has not been read yet."""
        return _found_records(self.path(paths.PROBLEMS, dataset=dataset, split=split), Problem)

    def annotations(self, supervision: Supervision) -> list[Annotation]:
        """Everything that the teacher wrote."""
        return read_records(self.path(paths.ANNOTATIONS, supervision), Annotation)

    def find_annotations(self, supervision: Supervision) -> list[Annotation]:
        """The same; nothing where the teacher has written nothing yet."""
        return _found_records(self.path(paths.ANNOTATIONS, supervision), Annotation)

    def teacher_answers(self, supervision: Supervision) -> list[Annotation]:
        """The teacher's own answers to the test split, gold hidden."""
        return read_records(self.path(paths.TEACHER_ANSWERS, supervision), Annotation)

    def find_teacher_answers(self, supervision: Supervision) -> list[Annotation]:
        """The same; nothing where the teacher has not been tested."""
        return _found_records(self.path(paths.TEACHER_ANSWERS, supervision), Annotation)

    def manifest(
        self, pattern: paths.Artifact, key: Supervision | Cell | None = None, **wildcards: str | int
    ) -> dict[str, Any]:
        """The manifest of a record file as it stands; its fields depend on the file."""
        return _facts(self.path(pattern.manifest, key, **wildcards), dict[str, Any])

    def find_manifest(
        self, pattern: paths.Artifact, key: Supervision | Cell | None = None, **wildcards: str | int
    ) -> dict[str, Any] | None:
        """The manifest of a record file, if it is there."""
        return _found(self.path(pattern.manifest, key, **wildcards), dict[str, Any])

    def annotation_manifest(self, supervision: Supervision) -> AnnotationManifest:
        """What the annotation job counted."""
        return _facts(self.path(paths.ANNOTATIONS.manifest, supervision), AnnotationManifest)

    def training_set_manifest(self, cell: Cell) -> TrainingSetManifest:
        """How many examples a cell trains on, and how long they are."""
        return _facts(self.path(paths.TRAINING_SET.manifest, cell), TrainingSetManifest)

    def find_training_set_manifest(self, cell: Cell) -> TrainingSetManifest | None:
        """The same, if the training set is there."""
        return _found(self.path(paths.TRAINING_SET.manifest, cell), TrainingSetManifest)

    def checkpoint_manifest(self, cell: Cell) -> CheckpointManifest:
        """What decided the weights of a cell, and the hashes of its files."""
        return _facts(self.path(paths.WEIGHTS.manifest, cell), CheckpointManifest)

    def find_checkpoint_manifest(self, cell: Cell) -> CheckpointManifest | None:
        """The same, if the cell has been trained."""
        return _found(self.path(paths.WEIGHTS.manifest, cell), CheckpointManifest)

    def has_learned_to_stop(self, cell: Cell) -> bool:
        """Whether the end of an answer cost a student less than LEARNED_END in its last step; True where nobody can say."""
        manifest = self.find_checkpoint_manifest(cell)
        loss = None if manifest is None else manifest.get("final_end_loss")
        return loss is None or loss <= LEARNED_END

    def trace(self, cell: Cell) -> list[TraceStep]:
        """What every optimizer step of a training computed."""
        return _lines(self.path(paths.TRACE, cell), TraceStep)

    def fit(self, supervision: Supervision, student: str) -> Fit:
        """How natural a supervision is to a base model."""
        return Fit.from_json(read_json(self.path(paths.STUDENT_FIT, supervision, student=student)))

    def find_fit(self, supervision: Supervision, student: str) -> Fit | None:
        """How natural a supervision is to a base model, if that has been computed."""
        path = self.path(paths.STUDENT_FIT, supervision, student=student)
        return Fit.from_json(read_json(path)) if path.exists() else None

    def find_trace(self, cell: Cell) -> list[TraceStep]:
        """The same; nothing where the cell has not been trained."""
        return _found_lines(self.path(paths.TRACE, cell), TraceStep)

    def telemetry(self, cell: Cell) -> list[TelemetryStep]:
        """How every optimizer step of a training ran on its machine."""
        return _lines(self.path(paths.TELEMETRY, cell), TelemetryStep)

    def find_telemetry(self, cell: Cell) -> list[TelemetryStep]:
        """The same; nothing where it is not there (an archive does not bring it along)."""
        return _found_lines(self.path(paths.TELEMETRY, cell), TelemetryStep)

    def find_training_run(self, cell: Cell) -> TrainingRun | None:
        """The run record of a training, if it is there."""
        return _found(self.path(paths.CHECKPOINT.run_record, cell), TrainingRun)

    def find_run_record(
        self, pattern: paths.Artifact, key: Supervision | Cell | None = None, **wildcards: str | int
    ) -> dict[str, Any] | None:
        """The run record beside an output as it stands, if it is there; its fields depend on the job."""
        return _found(self.path(pattern.run_record, key, **wildcards), dict[str, Any])

    def dataset_audit(self, dataset: str) -> DatasetAudit:
        """The audit of a dataset."""
        return _facts(self.path(paths.AUDIT, dataset=dataset), DatasetAudit)

    def find_dataset_audit(self, dataset: str) -> DatasetAudit | None:
        """The audit of a dataset, if it is there."""
        return _found(self.path(paths.AUDIT, dataset=dataset), DatasetAudit)

    def annotation_audit(self) -> AnnotationAudit:
        """The audit of all annotations."""
        return _facts(self.path(paths.ANNOTATION_AUDIT), AnnotationAudit)

    def find_annotation_audit(self) -> AnnotationAudit | None:
        """The audit of all annotations, if it is there."""
        return _found(self.path(paths.ANNOTATION_AUDIT), AnnotationAudit)

    def _evaluated(self, pattern: paths.Artifact, cell: Cell, decoding: str | None, problems: str) -> Path:
        return self.path(pattern, cell, problems=problems, decoding=decoding or self.main_decoding)


def read_facts(path: Path) -> dict[str, Any]:
    """A manifest or run record as it stands; UserError where it is absent or no JSON object."""
    return _facts(path, dict[str, Any])


def _facts(path: Path, kind: type[F]) -> F:
    return _checked(read_json(path), kind, path)


def _found(path: Path, kind: type[F]) -> F | None:
    return _facts(path, kind) if path.exists() else None


def _found_records(path: Path, kind: type[R]) -> list[R]:
    return read_records(path, kind) if path.exists() else []


def _lines(path: Path, kind: type[F]) -> list[F]:
    return [_checked(value, kind, path, number) for number, value in read_objects(path)]


def _found_lines(path: Path, kind: type[F]) -> list[F]:
    return _lines(path, kind) if path.exists() else []


def _checked(value: Any, kind: type[F], path: Path, line: int | None = None) -> F:
    """A JSON object that has every required field of its type; UserError for any other value."""
    if not isinstance(value, dict):
        raise UserError(f"expected a JSON object, found {type(value).__name__}", where=path, line=line)
    required: Iterable[str] = getattr(kind, "__required_keys__", ())
    absent = sorted(name for name in required if name not in value)
    if absent:
        raise UserError(f"missing field {absent[0]!r}", where=path, line=line)
    return value  # type: ignore[return-value]


def _no_study(folder: Path, copy: str) -> UserError:
    """What a folder is that holds no study, and what to name or to run instead."""
    inside, beside = (
        [str(path.parent) for path in sorted(above.glob(f"*/{copy}"))] for above in (folder, folder.parent)
    )
    if inside:
        return UserError("holds no study itself", where=folder, hint=f"name one of {', '.join(inside[:_NAMED])}")
    if any((folder / name).is_dir() for name in _FOLDERS):
        hint = f"`snakemake --configfile STUDY.yaml --cores 1 results/{folder.name}/{copy}` writes it"
        return UserError(f"holds no study: its {copy} is missing", where=folder, hint=hint)
    there = f"there are {', '.join(beside[:_NAMED])}" if beside else "name results/STUDY of a study that has run"
    what = "holds no study" if folder.is_dir() else "holds no study, for it is no folder"
    return UserError(what, where=folder, hint=there)
