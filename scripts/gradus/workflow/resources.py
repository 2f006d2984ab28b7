"""Resources of jobs: interpreters, memory, time, cores and GPUs. No result depends on them."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from gradus.students.model_sizes import size_of
from gradus.study import paths
from gradus.study.config import BuiltStudent, ChatTeacher, Stage, Study, base_of
from gradus.study.config.commands import command_words
from gradus.workflow.annotation import editor_of
from gradus.workflow.lanes import waits_for_batches


def interpreter(study: Study, stage: Stage) -> str:
    """The command that runs the programs of a stage, quoted for a shell."""
    return shlex.join(command_words(study.interpreters.get(stage, "python")))


def save_every(study: Study, student: str) -> int:
    """Steps between two progress checkpoints of a student's trainings; no weight depends on it."""
    return study.recipe_of(student).save_every


def warm_up_save_every(study: Study, student: str) -> int:
    """The same of its warm-up."""
    section = study.students[student]
    return section.warm_up.save_every if isinstance(section, BuiltStudent) else 1


def asking_threads(study: Study, teacher: str) -> int:
    """1 for a job that asks a teacher, 0 for one that only waits for batches: it works for seconds and waits for hours."""
    return int(not waits_for_batches(study.teachers[teacher]))


def editing_threads(study: Study, format_: str) -> int:
    """The same for a job that asks for another teacher's edits."""
    return asking_threads(study, editor_of(study, format_))


def asking_runtime(study: Study, teacher: str, minutes: int) -> int:
    """Minutes of a job that asks a teacher; where it waits for batches, an hour beyond the longest wait."""
    section = study.teachers[teacher]
    return 60 + round(60 * section.batch_wait_hours) if waits_for_batches(section) else minutes


def warm_up_ranks(study: Study, student: str) -> int:
    """Processes that building a student takes."""
    section = study.students[student]
    return section.warm_up.ranks if isinstance(section, BuiltStudent) else 1


def training_memory(study: Study, student: str, attempt: int) -> int:
    """Megabytes of host memory per node: what the student's entry says, else from its size; half as much again per attempt.

    Every rank loads a copy of the weights; offloaded states (16 bytes a weight) stay there for the whole training.
    """
    section, recipe = study.students[student], study.recipe_of(student)
    chosen = section.resources.mem_mb
    if chosen is None:
        weights = _weights(study, student)
        per_rank = 2000 + 2 * (2 if recipe.precision == "bf16" else 4) * weights / 1e6
        nodes = section.resources.nodes
        offloaded = 0.0 if recipe.offload == "none" else 16 * weights / 1e6 / nodes
        chosen = round(per_rank * recipe.ranks / nodes + offloaded)
    return round(chosen * (1 + 0.5 * (attempt - 1)))


def training_runtime(study: Study, student: str) -> int:
    """Minutes of one attempt; a training that is cut off goes on at the next. A shared job asks for those of all its cells."""
    return study.students[student].resources.runtime or -(-240 // cells_per_job(study, student))


def cells_per_job(study: Study, student: str) -> int:
    """Trainings, and predictions, of this student that may share a cluster's job; small ones work for less than they wait."""
    chosen = study.students[student].resources
    if chosen.nodes > 1:
        return 1
    return chosen.cells_per_job or (4 if _weights(study, student) < 1e7 else 1)


def annotations_per_job(study: Study, teacher: str) -> int:
    """Annotations that may share a cluster's job: those of teachers in this process take seconds, others hours and money."""
    return 1 if isinstance(study.teachers[teacher], ChatTeacher) else 24


def quick_runtime(attempt: int) -> int:
    """Minutes of jobs that work for seconds; on a second try as long as the largest of them could take."""
    return 5 if attempt == 1 else 60


def warm_up_memory(study: Study, student: str, attempt: int) -> int:
    """Megabytes that building a student takes: what a training of its size would."""
    section = study.students[student]
    assert isinstance(section, BuiltStudent)
    per_rank = 2000 + 8 * _weights(study, student) / 1e6
    return round(per_rank * section.warm_up.ranks * (1 + 0.5 * (attempt - 1)))


def training_cpus(study: Study, student: str) -> int:
    """CPU cores per node."""
    chosen = study.students[student].resources
    return -(-study.recipe_of(student).ranks // chosen.nodes) * chosen.cpus_per_rank


def training_gpus(study: Study, student: str) -> int:
    """GPUs of a training over all its nodes."""
    return study.recipe_of(student).ranks * study.students[student].resources.gpus_per_rank


def gpus_per_node(study: Study, student: str) -> str:
    """The sbatch option that shares the GPUs of several nodes evenly; empty on one node."""
    nodes, gpus = study.students[student].resources.nodes, training_gpus(study, student)
    return f"--gpus-per-node={gpus // nodes}" if nodes > 1 and gpus else ""


def generation_memory(study: Study, student: str, decoding: str, attempt: int) -> int:
    """Megabytes of host memory that predictions take: weights in fp32, the program, a batch; more at each attempt.

    On a GPU the batch is in the GPU's memory instead. A built student's batch is as large as its shape and context let it
    become; measured were 450 MB for a million weights on a CPU.
    """
    gpus, section = generation_gpus(study, student), study.origin_of(student)
    chosen = study.decodings[decoding]
    program, batch = 4000.0, 0.0 if gpus else chosen.memory_gib * 1074
    if isinstance(section, BuiltStudent) and not gpus:
        keys_and_values = 8 * section.layers * section.hidden * section.context / 1e6
        program, batch = 1500.0, min(batch, keys_and_values * chosen.batch_size * chosen.samples)
    return round((program + batch + 4 * _weights(study, student) / 1e6) * (1 + 0.5 * (attempt - 1)))


def fit_memory(study: Study, student: str) -> int:
    """Megabytes of host memory that scoring a supervision takes: weights in fp32, the program, a batch's logits."""
    return round(6000 + 4 * _weights(study, student) / 1e6)


def generation_gpus(study: Study, student: str) -> int:
    """One GPU for the predictions of a student that trains on GPUs."""
    return min(1, study.students[student].resources.gpus_per_rank)


def _weights(study: Study, student: str) -> float:
    """Number of weights; three billion for a model whose size is unknown until it is fetched."""
    folder = Path(paths.STUDENT.of(study, student=base_of(student)))
    size = size_of(study.origin_of(student), folder, frozen=False)
    return 3e9 if size is None else size[0]


def of_profile(workflow: Any) -> tuple[Any, Any]:
    """The resources that a profile and the command line gave: defaults, and those of single rules."""
    given = workflow.resource_settings
    return given.default_resources, given.overwrite_resources
