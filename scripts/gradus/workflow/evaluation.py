"""Evaluation jobs: which decodings a rule is for, and what a metric record says of its cell."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from gradus.study import grid, paths
from gradus.study.config import NoTeacher, Study, base_of
from gradus.study.grid import is_untaught
from gradus.study.paths import Artifact
from gradus.workflow.options import as_json, options
from gradus.workflow.wildcards import Wildcards, cell_of, supervision_of


def decodings_of(study: Study, *engines: str) -> list[str]:
    """The names of the decodings that some engines write."""
    return [name for name, section in study.decodings.items() if section.engine in engines]


def problems(study: Study, wildcards: Wildcards) -> list[Artifact]:
    """The problems that a job asks, scores or checks for leaks: the dataset's own, or the test split of another."""
    return [paths.problems_file(study, wildcards.dataset, wildcards.problems)]


def weights(study: Study, wildcards: Wildcards) -> list[Artifact]:
    """The weights that answer: those of the cell's training, or the base model's where it was taught nothing."""
    if is_untaught(supervision_of(wildcards)):
        return [paths.BASE_MODEL.of(study, student=base_of(wildcards.student))]
    return [paths.WEIGHTS.of(study, cell_of(wildcards))]


def taught(study: Study, wildcards: Wildcards) -> list[Artifact]:
    """The manifest of what the student was trained on; nothing where it was taught nothing."""
    if is_untaught(supervision_of(wildcards)):
        return []
    return [paths.TRAINING_SET.manifest.of(study, supervision_of(wildcards), student=wildcards.student)]


def shown(study: Study, wildcards: Wildcards) -> list[Artifact]:
    """The training problems among which are the worked examples of an untaught student; nothing where none are shown."""
    section = study.teachers[wildcards.teacher]
    if not isinstance(section, NoTeacher) or section.shots == 0:
        return []
    return [paths.PROBLEMS.of(study, dataset=wildcards.dataset, split="train")]


def before(study: Study, wildcards: Wildcards) -> list[Artifact]:
    """What an answer to another dataset's problems waits for: the first other dataset's, whose job answers all of them.

    One engine start is enough for a cell's other datasets, and each keeps its own file, failure and rebuild.
    """
    names = grid.transfers_of(study, cell_of(wildcards))
    if wildcards.problems not in names[1:]:
        return []
    made = paths.PREDICTIONS.of(study, cell_of(wildcards), problems=names[0], decoding=wildcards.decoding)
    return [made.manifest]


def ahead(study: Study, wildcards: Wildcards) -> str:
    """The problems that the job of the first other dataset answers for the jobs after it.

    It reaches the job as a resource: a dataset more runs no finished job again.
    """
    names = grid.transfers_of(study, cell_of(wildcards))
    others = names[1:] if names[:1] == [wildcards.problems] else []
    return options(ahead=[paths.problems_file(study, wildcards.dataset, name) for name in others])


def runtime(study: Study, wildcards: Wildcards, attempt: int) -> int:
    """Minutes of a job: two hours for each set of problems that it answers."""
    names = grid.transfers_of(study, cell_of(wildcards))
    return 120 * attempt * (len(names) if names[:1] == [wildcards.problems] else 1)


def writer_options(study: Study, wildcards: Wildcards) -> str:
    """Who answers: a checkpoint, or a base model with what decides how it is asked."""
    section = study.teachers[wildcards.teacher]
    if isinstance(section, NoTeacher):
        base = paths.STUDENT.of(study, student=base_of(wildcards.student))
        return options(student=base, untaught=as_json(section), train_problems=shown(study, wildcards))
    checkpoint = paths.CHECKPOINT.of(study, cell_of(wildcards))
    return options(checkpoint=checkpoint, training_set_manifest=taught(study, wildcards))


def cell_labels(study: Study, wildcards: Wildcards) -> dict[str, str]:
    """The columns of the report's list of cells; the accuracy is read when the report is made."""
    labels = {name: str(getattr(wildcards, name)) for name in ("dataset", "teacher", "format", "level", "student")}
    labels |= {"seed": wildcards.seed, "problems": wildcards.problems}
    path = Path(paths.METRICS.of(study, cell_of(wildcards), problems=wildcards.problems, decoding=wildcards.decoding))
    if path.exists():
        labels["accuracy"] = f"{100 * json.loads(path.read_text(encoding='utf-8'))['accuracy']:.1f} %"
    return labels


def cell_facts(wildcards: Wildcards) -> str:
    """A cell and its decoding as JSON, for the metric record."""
    facts = {"student": wildcards.student, "seed": int(wildcards.seed)}
    facts |= {"problems": wildcards.problems, "decoding": wildcards.decoding}
    return as_json({**asdict(supervision_of(wildcards)), **facts})
