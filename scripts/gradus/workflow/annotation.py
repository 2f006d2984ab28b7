"""Annotation jobs: which teachers a rule is for, what decides their texts, and the files that a job starts from."""

from __future__ import annotations

from gradus.data.datasets.rows import ecqa_file
from gradus.records.vocabulary import FORMATS
from gradus.runtime.atomic import sha256_file
from gradus.runtime.environment import data_folder, prompts_folder
from gradus.study import grid, paths
from gradus.study.config import CatalogueDataset, ChatTeacher, ReleasedTeacher, RewrittenTransform, Study
from gradus.study.paths import Artifact
from gradus.teachers.local import released_files
from gradus.teachers.prompts.prompting import Prompts, edit_prompt_names, exemplar_prompt_names, prompt_names
from gradus.workflow.options import as_json, options
from gradus.workflow.wildcards import Wildcards, supervision_of


def teachers_of(study: Study, *providers: str) -> list[str]:
    """The names of the teachers of some providers."""
    return [name for name, section in study.teachers.items() if section.provider in providers]


def teachers_except(study: Study, *providers: str) -> list[str]:
    """The names of all other teachers."""
    return [name for name, section in study.teachers.items() if section.provider not in providers]


def teacher_settings(study: Study, teacher: str) -> str:
    """What decides a teacher's texts; rate limits, budget and the like do not."""
    section = study.teachers[teacher]
    return as_json(section.identity() if isinstance(section, ChatTeacher) else section)


def request_policy(study: Study, teacher: str) -> str:
    """How a remote teacher is asked (limits, budget, key variable, server); a resource: no annotation depends on it."""
    section = study.teachers[teacher]
    return as_json(section.policy() if isinstance(section, ChatTeacher) else {})


def retry_settings(study: Study) -> str:
    """The verdicts whose annotations are drawn again, and how often."""
    verdicts = sorted(verdict for verdict, policy in study.verdict_policy.items() if policy == "retry")
    return as_json({"verdicts": verdicts, "retries": study.retries} if verdicts else {})


def prompt_hash(study: Study, wildcards: Wildcards, hide_gold: bool = False) -> str:
    """Hash of the prompt files behind a remote teacher's supervision; empty for other teachers."""
    section = study.teachers[wildcards.teacher]
    if not isinstance(section, ChatTeacher):
        return ""
    gold = "hidden" if hide_gold else section.gold
    return Prompts(prompts_folder()).hash_of(*prompt_names(wildcards.format, wildcards.level, gold))


def local_content(study: Study, wildcards: Wildcards) -> str:
    """Hash of the local file that a teacher's texts are read from (released annotations, ECQA); empty for other teachers."""
    section, dataset = study.teachers[wildcards.teacher], study.datasets[wildcards.dataset]
    folder = data_folder()
    path = None
    if isinstance(section, ReleasedTeacher) and folder is not None:
        path = released_files.file_of(supervision_of(wildcards), section.author, folder)
    elif section.provider == "human" and isinstance(dataset, CatalogueDataset) and dataset.source == "csqa":
        path = ecqa_file(folder)
    else:
        return ""
    return sha256_file(path) if path is not None and path.exists() else "absent"


def exemplar_prompt_hashes(study: Study) -> str:
    """Hashes of the prompt files that exemplars are written with; empty for a study without remote teachers."""
    if not any(isinstance(section, ChatTeacher) for section in study.teachers.values()):
        return ""
    prompts = Prompts(prompts_folder())
    return " ".join(prompts.hash_of(*exemplar_prompt_names(name)) for name in FORMATS)


def exemplars(study: Study, wildcards: Wildcards) -> list[Artifact]:
    """The worked examples that a remote teacher is shown: the original's and, for a rewrite, the format's."""
    return grid.exemplar_files(study, [supervision_of(wildcards)])


def exemplar_of_originals(study: Study, wildcards: Wildcards) -> list[Artifact]:
    """The worked examples that those of another format are rewritten from."""
    if wildcards.format == "original":
        return []
    return [paths.EXEMPLAR.of(study, dataset=wildcards.dataset, teacher=wildcards.teacher, format="original")]


def originals(study: Study, wildcards: Wildcards, texts: Artifact = paths.ANNOTATIONS) -> list[Artifact]:
    """The originals that a rewrite starts from, among annotations or a teacher's own test answers; else nothing."""
    supervision = supervision_of(wildcards)
    return [texts.of(study, supervision.original())] if grid.needs_original(study, supervision) else []


def annotation_options(study: Study, wildcards: Wildcards) -> str:
    """What only some annotation jobs need: the originals of a rewrite, the exemplars of a remote teacher."""
    return options(original=originals(study, wildcards), exemplars=exemplars(study, wildcards))


def answer_options(study: Study, wildcards: Wildcards) -> str:
    """The same for a teacher's own test answers, which never show it the gold answer."""
    original = originals(study, wildcards, paths.TEACHER_ANSWERS)
    return f"{options(original=original, exemplars=exemplars(study, wildcards))} --hide-gold".strip()


def transform_sources(study: Study, wildcards: Wildcards) -> list[Artifact]:
    """The annotations that a transform reads, in the order of the plug-in."""
    return [paths.ANNOTATIONS.of(study, source) for source in grid.sources(study, supervision_of(wildcards))]


def transform_student(study: Study, wildcards: Wildcards, artifact: Artifact) -> list[Artifact]:
    """An artifact of the student whose tokens a transform counts; empty for a transform that counts none."""
    student = study.transforms[wildcards.format].students().get("tokenizer")
    return [] if student is None else [artifact.of(study, student=student)]


def transform_scores(study: Study, wildcards: Wildcards) -> list[Artifact]:
    """What a base model makes of the texts that a transform reads; empty for a transform that asks none."""
    scorer = study.transforms[wildcards.format].scorer()
    if scorer is None:
        return []
    sources = grid.sources(study, supervision_of(wildcards))
    return [paths.TEXT_SCORES.of(study, source, student=scorer) for source in sources]


def transform_solved(study: Study, wildcards: Wildcards) -> list[Artifact]:
    """What a student solved of the training problems, by problem; empty for a transform that does not go by that."""
    found = grid.solver_of(study, supervision_of(wildcards))
    if found is None:
        return []
    cell, decoding = found
    return [paths.SCORED.of(study, cell, problems=paths.TRAIN, decoding=decoding)]


def plugin_formats(study: Study) -> list[str]:
    """The transforms that a plug-in makes."""
    return [name for name, section in study.transforms.items() if not section.asks]


def edited_formats(study: Study, *, served: bool) -> list[str]:
    """The transforms that a teacher writes, one that is served for the job itself or another one."""
    return [
        name
        for name, section in study.transforms.items()
        if isinstance(section, RewrittenTransform) and served == (study.teachers[section.by].provider == "vllm")
    ]


def editor_of(study: Study, format_: str) -> str:
    """The teacher that edits the texts of a format."""
    section = study.transforms[format_]
    assert isinstance(section, RewrittenTransform)  # the rules' constraints see to it
    return section.by


def edit_options(study: Study, wildcards: Wildcards) -> str:
    """What an annotation job needs to edit the texts of another supervision."""
    section = study.transforms[wildcards.format]
    assert isinstance(section, RewrittenTransform)
    return options(original=transform_sources(study, wildcards), edit=section.edit, editor=section.by)


def edit_prompt_hash(study: Study, wildcards: Wildcards) -> str:
    """Hash of the prompt files behind an edit."""
    section = study.transforms[wildcards.format]
    assert isinstance(section, RewrittenTransform)
    return Prompts(prompts_folder()).hash_of(*edit_prompt_names(section.edit))


def transform_options(study: Study, wildcards: Wildcards) -> str:
    """What only some transforms need: a student's tokens, and the verdicts of the rows that they take."""
    verdicts = study.transforms[wildcards.format].taken(study.verdict_policy)
    student, scores = transform_student(study, wildcards, paths.STUDENT), transform_scores(study, wildcards)
    solved = transform_solved(study, wildcards)
    return options(student=student, scores=scores, solved=solved, take=",".join(verdicts))
