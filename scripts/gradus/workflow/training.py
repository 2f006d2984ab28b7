"""Training jobs: which students a rule is for, and what decides a base model, a training set and a cell's weights."""

from __future__ import annotations

from pathlib import Path

from gradus.runtime.atomic import sha256_file
from gradus.students.model_content import folder_content
from gradus.study import paths
from gradus.study.config import BuiltStudent, EarlierStudent, PretrainedStudent, Study, base_of
from gradus.study.config.students import FileCorpus
from gradus.study.config.templates import TemplateFile
from gradus.study.paths import Artifact
from gradus.workflow.options import as_json
from gradus.workflow.wildcards import Wildcards


def base_model(study: Study, wildcards: Wildcards) -> list[Artifact]:
    """The base model of a cell's student; the points of a recipe share their student's."""
    return [paths.BASE_MODEL.of(study, student=base_of(wildcards.student))]


def base_folder(study: Study, wildcards: Wildcards) -> Artifact:
    """The folder of a base model with what belongs to it."""
    return paths.STUDENT.of(study, student=base_of(wildcards.student))


def built_students(study: Study) -> list[str]:
    """The names of the students that are made here."""
    return [name for name, section in study.students.items() if isinstance(section, BuiltStudent)]


def pretrained_students(study: Study) -> list[str]:
    """The names of the students that come from elsewhere."""
    return [name for name, section in study.students.items() if isinstance(section, PretrainedStudent)]


def earlier_students(study: Study) -> list[str]:
    """The names of the students that are earlier weights of another one's warm-up."""
    return [name for name, section in study.students.items() if isinstance(section, EarlierStudent)]


def whole_student(study: Study, wildcards: Wildcards) -> list[Artifact]:
    """The base model whose warm-up has kept the weights of an earlier student."""
    section = study.students[wildcards.student]
    return [paths.BASE_MODEL.of(study, student=section.of)] if isinstance(section, EarlierStudent) else []


def students_on_one_node(study: Study) -> list[str]:
    """The names of the students that train on one node."""
    return [name for name, section in study.students.items() if section.resources.nodes == 1]


def students_on_several_nodes(study: Study) -> list[str]:
    """The names of the students that train on several nodes."""
    return [name for name, section in study.students.items() if section.resources.nodes > 1]


def student_settings(study: Study, student: str) -> str:
    """Everything that decides a base model; fine-tuning overrides do not."""
    return as_json(study.students[student].identity())


def template_hash(study: Study, student: str) -> str:
    """Hash of the file that a student's template is read from; empty where there is none, or none yet."""
    section = study.students[student]
    if isinstance(section, PretrainedStudent) and isinstance(section.template, TemplateFile):
        path = Path(section.template.file)
        return sha256_file(path) if path.exists() else "absent"
    return ""


def corpus_content(study: Study, student: str) -> str:
    """Hash of the file that a built student's warm-up text is read from; empty where there is none."""
    section = study.students[student]
    if isinstance(section, BuiltStudent) and isinstance(section.corpus, FileCorpus):
        path = Path(section.corpus.path)
        return sha256_file(path) if path.exists() else "absent"
    return ""


def model_content(study: Study, student: str) -> str:
    """Hash of the local folder that a pretrained student is read from; empty for one of the hub, whose commit is pinned."""
    section = study.students[student]
    if not isinstance(section, PretrainedStudent) or not Path(section.model).is_dir():
        return ""
    return folder_content(Path(section.model))


def student_demands(study: Study, student: str) -> str:
    """What the study asks of a pretrained student, for its trial; no part of the base model's identity."""
    fixed = [
        decoding.max_new_tokens for decoding in study.decodings.values() if isinstance(decoding.max_new_tokens, int)
    ]
    return as_json(
        {
            "recipe": study.recipe_of(student).model_dump(),
            "new_tokens": max(fixed, default=None),
            "caches": any(decoding.engine == "transformers" for decoding in study.decodings.values()),
        }
    )


def training_set_settings(study: Study, wildcards: Wildcards) -> str:
    """Everything that decides which annotations a student trains on."""
    recipe = study.recipe_of(wildcards.student)
    return as_json(
        {
            "verdict_policy": study.policy_of(wildcards.format),
            "cutoff_tokens": recipe.cutoff_tokens,
            "over_long": recipe.over_long,
        }
    )


def training_settings(study: Study, student: str, seed: int) -> str:
    """Everything but data and base model that decides the weights of a cell."""
    return as_json({"recipe": study.recipe_of(student).identity(), "seed": seed})
