"""What a rule tells its job: settings as canonical JSON, options, and the files that its wildcards ask for."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import Any

from gradus.records import Supervision
from gradus.runtime.atomic import canonical_json, sha256_bytes, sha256_file
from gradus.runtime.environment import prompts_folder
from gradus.students.model_sizes import size_of
from gradus.study import grid, paths
from gradus.study.config import BuiltStudent, ChatTeacher, PaddedTransform, Study
from gradus.study.config.commands import command_words
from gradus.study.grid import needs_original, sources
from gradus.teachers.prompts.prompting import Prompts, exemplar_prompt_names, prompt_names


def interpreter(study: Study, stage: str) -> str:
    """The command that runs the programs of a stage, quoted for a shell; a resource, because no result depends on it."""
    return shlex.join(command_words(dict(study.interpreters).get(stage, "python")))  # type: ignore[call-overload]


def teachers_of(study: Study, *providers: str) -> list[str]:
    """The names of the teachers of some providers."""
    return [name for name, section in study.teachers.items() if section.provider in providers]


def teachers_not(study: Study, *providers: str) -> list[str]:
    """The names of all other teachers."""
    return [name for name, section in study.teachers.items() if section.provider not in providers]


def built_students(study: Study) -> list[str]:
    """The names of the students that are made here."""
    return [name for name, section in study.students.items() if isinstance(section, BuiltStudent)]


def pretrained_students(study: Study) -> list[str]:
    """The names of all other students."""
    return [name for name, section in study.students.items() if not isinstance(section, BuiltStudent)]


def students_on(study: Study, several_nodes: bool) -> list[str]:
    """The names of the students that train on several nodes, or on one."""
    return [name for name, section in study.students.items() if (section.resources.nodes > 1) == several_nodes]


def decodings_by(study: Study, *engines: str) -> list[str]:
    """The names of the decodings that some engines write."""
    return [name for name, section in study.decodings.items() if section.engine in engines]


def plain_formats(study: Study) -> str:
    """A wildcard constraint: any format that is no transform (in a path, where a slash ends the name)."""
    names = "|".join(f"{re.escape(name)}/" for name in study.transforms)
    return f"(?!{names})[a-zA-Z0-9-]+" if names else "[a-zA-Z0-9-]+"


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
    section.pop("resources")
    return settings(section)


def data_settings(study: Study, dataset: str) -> str:
    """What decides a dataset's problems."""
    return settings(study.datasets[dataset])


def teacher_settings(study: Study, teacher: str) -> str:
    """What decides a teacher's texts; rate limits, budget and the like are no part of it."""
    section = study.teachers[teacher]
    return settings(section.identity() if isinstance(section, ChatTeacher) else section)


def transform_settings(study: Study, name: str) -> str:
    """A transform's entry."""
    return settings(study.transforms[name])


def transform_files(study: Study, wildcards: Any) -> list[str]:
    """The annotation files that a transform reads, in the order of the plug-in."""
    return [paths.fill(paths.ANNOTATIONS, study.study, source) for source in sources(study, _place(wildcards))]


def transform_options(study: Study, wildcards: Any) -> str:
    """The folder of the student whose tokens a transform counts, where it counts any."""
    student = _transform_student(study, wildcards)
    return options(student=paths.fill(paths.STUDENT, study.study, student=student) if student else "")


def transform_student_files(study: Study, wildcards: Any) -> list[str]:
    """What that student's tokenizer hangs on."""
    student = _transform_student(study, wildcards)
    return [paths.fill(f"{paths.STUDENT}/manifest.json", study.study, student=student)] if student else []


def _transform_student(study: Study, wildcards: Any) -> str | None:
    section = study.transforms[wildcards.format]
    return section.tokenizer if isinstance(section, PaddedTransform) else None


def again(study: Study) -> str:
    """The verdicts that are drawn again, and how often."""
    verdicts = sorted(verdict for verdict, policy in study.verdict_policy.items() if policy == "retry")
    return settings({"verdicts": verdicts, "retries": study.retries} if verdicts else {})


def request_policy(study: Study, teacher: str) -> str:
    """How a remote teacher is asked (limits, budget, key variable, server); a resource, because no annotation depends on it."""
    section = study.teachers[teacher]
    return settings(section.policy() if isinstance(section, ChatTeacher) else {})


def provider_slot(study: Study, teacher: str, provider: str) -> int:
    """1 where a job asks this provider: profiles/default lets one such job run at a time."""
    return int(study.teachers[teacher].provider == provider)


def prompt_hash(study: Study, wildcards: Any, hide_gold: bool = False) -> str:
    """What the prompt files of a remote teacher's supervision say, as a hash; empty for other teachers."""
    section = study.teachers[wildcards.teacher]
    if not isinstance(section, ChatTeacher):
        return ""
    gold = "hidden" if hide_gold else section.gold
    return Prompts(prompts_folder()).hash_of(*prompt_names(wildcards.format, wildcards.level, gold))


def published_hash() -> str:
    """What the published numbers are, which findings are held against."""
    return sha256_file(Path(os.environ["GRADUS"]) / "published" / "chen-2025.csv")[:16]


def explorer_hash() -> str:
    """What the explorer's page is made of beside Python: its template, style and program."""
    folder = Path(__file__).parents[1] / "presentation" / "explorer"
    parts = [sha256_file(folder / f"explorer.{suffix}") for suffix in ("html", "css", "js")]
    return sha256_bytes("".join(parts).encode())[:16]


def all_prompts_hash(study: Study) -> str:
    """What the prompts that exemplars are written with say; empty where no teacher is asked over a network."""
    asks = any(isinstance(section, ChatTeacher) for section in study.teachers.values())
    formats = ("original", "least-to-most", "rephrase-and-respond", "symbolic")
    prompts = Prompts(prompts_folder()) if asks else None
    return "" if prompts is None else " ".join(prompts.hash_of(*exemplar_prompt_names(name)) for name in formats)


def exemplar_files(study: Study, wildcards: Any) -> list[str]:
    """The exemplars of a remote teacher's job: the originals' and, for a rewrite, the format's."""
    return grid.exemplar_files(study, [_place(wildcards)])


def annotation_options(study: Study, wildcards: Any, hide_gold: bool = False) -> str:
    """What only some annotation jobs need: the originals of a rewrite, the exemplars of a remote teacher."""
    originals = original_answers if hide_gold else original_files
    named = options(
        original=originals(study, wildcards)[:1],
        exemplars=exemplar_files(study, wildcards),
    )
    return f"{named} --hide-gold".strip() if hide_gold else named


def exemplar_of_originals(study: Study, wildcards: Any) -> list[str]:
    """What an exemplar of a format is rewritten from."""
    if wildcards.format == "original":
        return []
    place = {"dataset": wildcards.dataset, "teacher": wildcards.teacher}
    return [paths.fill(paths.EXEMPLAR, study.study, format="original", **place)]


def original_answers(study: Study, wildcards: Any) -> list[str]:
    """The original that a rewrite among a teacher's own test answers starts from."""
    place = _place(wildcards)
    if not needs_original(study, place):
        return []
    return [
        paths.fill(pattern, study.study, place.original()) for pattern in paths.with_manifest(paths.TEACHER_ANSWERS)
    ]


def options(**named: Any) -> str:
    """Command-line options for what is there: empty values are left out."""
    parts = []
    for name, value in named.items():
        values = [value] if isinstance(value, str) else list(value)
        if any(values):
            parts += [f"--{name.replace('_', '-')}", *(shlex.quote(one) for one in values)]
    return " ".join(parts)


def training_set_settings(study: Study, student: str) -> str:
    """What decides which annotations a student trains on."""
    chosen = {
        "verdict_policy": dict(sorted(study.verdict_policy.items())),
        "allow_leakage": study.allow_leakage,
        "cutoff_tokens": study.recipe_of(student).cutoff_tokens,
        "over_long": study.recipe_of(student).over_long,
    }
    return settings(chosen)


def warm_up_ranks(study: Study, student: str) -> int:
    """Processes that building a student takes."""
    section = study.students[student]
    return section.warm_up.ranks if isinstance(section, BuiltStudent) else 1


def original_files(study: Study, wildcards: Any) -> list[str]:
    """Inputs of an annotation job beyond the problems: the originals that a rewrite starts from, else nothing."""
    place = _place(wildcards)
    if not needs_original(study, place):
        return []
    return [paths.fill(pattern, study.study, place.original()) for pattern in paths.with_manifest(paths.ANNOTATIONS)]


def cell_name(wildcards: Any) -> str:
    """A cell's name from a rule's wildcards."""
    return f"{_place(wildcards)}/{wildcards.student}/seed{wildcards.seed}"


def cell_facts(wildcards: Any) -> str:
    """A cell's wildcards as JSON, for its metric record."""
    place = _place(wildcards)
    facts = {**vars(place), "student": wildcards.student, "seed": int(wildcards.seed), "decoding": wildcards.decoding}
    return settings(facts)


def _place(wildcards: Any) -> Supervision:
    return Supervision(wildcards.dataset, wildcards.teacher, wildcards.format, wildcards.level)


def resolved(study: Study) -> str:
    """The whole study with all defaults as JSON, in the order of the study file (which tables follow)."""
    return study.model_dump_json()


def training_memory(study: Study, student: str, attempt: int) -> int:
    """Megabytes of host memory per node: what the student's entry says, else from its size; half as much again per try.

    Every rank loads a copy of the weights; offloaded states (16 bytes a weight) lie there for good.
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


def generation_memory(study: Study, student: str, decoding: str, attempt: int) -> int:
    """Megabytes of host memory that predictions take: weights in fp32, the program, a batch; more at each try.

    On a GPU the batch lies there instead.
    """
    batch = 0 if generation_gpus(study, student) else study.decodings[decoding].memory_gib * 1074
    return round((4000 + batch + 4 * _weights(study, student) / 1e6) * (1 + 0.5 * (attempt - 1)))


def generation_gpus(study: Study, student: str) -> int:
    """One GPU for the predictions of a student that trains on GPUs."""
    return min(1, study.students[student].resources.gpus_per_rank)


def _weights(study: Study, student: str) -> float:
    """Number of weights; three billion where it is not known before the model is fetched."""
    folder = Path(paths.fill(paths.STUDENT, study.study, student=student))
    size = size_of(study.students[student], folder, frozen=False)
    return 3e9 if size is None else size[0]


def training_runtime(study: Study, student: str) -> int:
    """Minutes of one try; a training that is cut off goes on at the next."""
    return study.students[student].resources.runtime or 240


def training_cpus(study: Study, student: str) -> int:
    """CPU cores per node."""
    chosen = study.students[student].resources
    return -(-study.recipe_of(student).ranks // chosen.nodes) * chosen.cpus_per_rank


def training_gpus(study: Study, student: str) -> int:
    """GPUs of a training over all its nodes."""
    return study.recipe_of(student).ranks * study.students[student].resources.gpus_per_rank


def gpus_per_node(study: Study, student: str) -> str:
    """The sbatch option that shares the GPUs of several nodes evenly; nothing on one node."""
    nodes, gpus = study.students[student].resources.nodes, training_gpus(study, student)
    return f"--gpus-per-node={gpus // nodes}" if nodes > 1 and gpus else ""
