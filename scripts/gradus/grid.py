"""From a study to its cells: what the union of the experiments asks for."""

from __future__ import annotations

import json
from typing import Any

from gradus import paths
from gradus.atomic import canonical_json
from gradus.config import Experiment, PretrainedStudent, Study
from gradus.paths import Cell, Supervision


def experiment_supervisions(experiment: Experiment) -> list[Supervision]:
    """All supervisions of an experiment, in the order of the file, baselines last."""
    found = [
        Supervision(dataset, teacher, format_, level)
        for dataset in experiment.datasets
        for teacher in experiment.teachers
        for format_ in experiment.formats
        for level in experiment.levels
    ]
    for dataset in experiment.datasets:
        for baseline in experiment.baselines:
            teacher, format_, level = baseline.split("/")
            found.append(Supervision(dataset, teacher, format_, level))
    return list(dict.fromkeys(found))


def experiment_cells(experiment: Experiment) -> list[Cell]:
    """All cells of an experiment."""
    return [
        Cell(supervision, student, seed)
        for supervision in experiment_supervisions(experiment)
        for student in experiment.students
        for seed in experiment.seeds
    ]


def cells(study: Study) -> list[Cell]:
    """The cells of a study, each once, in order."""
    every = [cell for experiment in study.experiments.values() for cell in experiment_cells(experiment)]
    return list(dict.fromkeys(every))


def supervisions(study: Study) -> list[Supervision]:
    """The supervisions that the cells need, each once, with the originals that rewrites start from."""
    found: dict[Supervision, None] = {}
    for cell in cells(study):
        if needs_original(study, cell.supervision):
            found[cell.supervision.original()] = None
        found[cell.supervision] = None
    return list(found)


def needs_original(study: Study, supervision: Supervision) -> bool:
    """Whether a supervision is the teacher's rewrite of its own original at the same level."""
    writes = study.teachers[supervision.teacher].provider not in ("gold", "released")
    return writes and supervision.format != "original"


def metrics_files(study: Study, chosen: list[Cell]) -> list[str]:
    """The metric files of some cells, for every decoding."""
    return [
        paths.fill(paths.METRICS, study.study, cell, decoding=decoding) for cell in chosen for decoding in study.decodings
    ]


def settings(value: Any) -> str:
    """A configuration section as one canonical JSON text: what a rule passes on and Snakemake compares."""
    return canonical_json(value.model_dump() if hasattr(value, "model_dump") else value)


def training_settings(study: Study, student: str, seed: int) -> str:
    """Everything but data and base model that decides the weights of a cell."""
    return settings({"recipe": study.recipe_of(student).model_dump(), "seed": seed})


def student_settings(study: Study, student: str) -> str:
    """What decides a base model; fine-tuning overrides do not."""
    section = study.students[student].model_dump()
    section.pop("recipe")
    return settings(section)


def data_settings(study: Study, dataset: str) -> str:
    """What decides a dataset's problems; the folder they are read from does not."""
    section = study.datasets[dataset].model_dump()
    section.pop("folder", None)
    return settings(section)


def teacher_settings(study: Study, teacher: str) -> str:
    """What decides a teacher's texts; the folder they are read from does not."""
    section = study.teachers[teacher].model_dump()
    section.pop("folder", None)
    return settings(section)


def folder_of(section: Any) -> str:
    """The configured folder of a dataset or teacher entry, empty where there is none."""
    return getattr(section, "folder", None) or ""


def is_remote(study: Study, student: str) -> bool:
    """Whether a student comes from a folder or a hub."""
    return isinstance(study.students[student], PretrainedStudent)


def resolved(study: Study) -> dict[str, Any]:
    """The whole study with all defaults, as plain JSON values."""
    return json.loads(study.model_dump_json())
