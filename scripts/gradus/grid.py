"""From a study to its cells: what the union of the experiments asks for."""

from __future__ import annotations

import re
import shlex
from typing import Any

from gradus import paths
from gradus.atomic import canonical_json
from gradus.config import (
    HANDLING,
    BuiltStudent,
    ChatTeacher,
    Experiment,
    MixedTransform,
    PaddedTransform,
    ReleasedTeacher,
    Study,
)
from gradus.paths import Cell, Supervision
from gradus.surroundings import prompts_folder
from gradus.teachers import released_files
from gradus.teachers.prompting import Prompts, exemplar_prompt_names, prompt_names


def experiment_supervisions(study: Study, experiment: Experiment) -> list[Supervision]:
    """All supervisions of an experiment that can be had, in the order of the file, baselines last."""
    return [place for place in _asked_for(experiment) if not is_missing(study, place)]


def missing_supervisions(study: Study) -> list[Supervision]:
    """What the study asks for and nobody released, or whose released file is not in the data folder: listed, not run."""
    every = [place for experiment in study.experiments.values() for place in _asked_for(experiment)]
    return [place for place in dict.fromkeys(every) if is_missing(study, place)]


def is_missing(study: Study, place: Supervision) -> bool:
    """Whether a supervision needs a released file that is not there; without a data folder its job says what to do."""
    folder = paths.data_folder()
    if folder is None or not (folder / released_files.FOLDER).is_dir():
        return False
    section = study.teachers[place.teacher]
    if isinstance(section, ReleasedTeacher) and place.format not in study.transforms:
        return released_files.is_missing(place, section.author, folder)
    return any(is_missing(study, source) for source in sources(study, place))


def _asked_for(experiment: Experiment) -> list[Supervision]:
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


def experiment_cells(study: Study, experiment: Experiment) -> list[Cell]:
    """All cells of an experiment."""
    return [
        Cell(supervision, student, seed)
        for supervision in experiment_supervisions(study, experiment)
        for student in experiment.students
        for seed in experiment.seeds
    ]


def cells(study: Study) -> list[Cell]:
    """The cells of a study, each once, in order."""
    every = [cell for experiment in study.experiments.values() for cell in experiment_cells(study, experiment)]
    return list(dict.fromkeys(every))


def supervisions(study: Study) -> list[Supervision]:
    """The supervisions that the cells need, each once, with all that they are made from before them."""
    found: dict[Supervision, None] = {}

    def add(place: Supervision) -> None:
        for source in sources(study, place):
            add(source)
        found[place] = None

    for cell in cells(study):
        add(cell.supervision)
    return list(found)


def annotation_files(study: Study) -> list[str]:
    """The annotation files of all supervisions."""
    return [paths.fill(paths.ANNOTATIONS, study.study, place) for place in supervisions(study)]


def sources(study: Study, place: Supervision) -> list[Supervision]:
    """The supervisions that one is made from: a rewrite's original, a transform's sources, else none."""
    transform = study.transforms.get(place.format)
    if isinstance(transform, PaddedTransform):
        original = Supervision(place.dataset, place.teacher, "original", place.level)
        return [original, Supervision(place.dataset, place.teacher, "original", transform.target)]
    if isinstance(transform, MixedTransform):
        levels = sorted({*transform.levels.values(), transform.otherwise})
        return [Supervision(place.dataset, transform.teacher, "original", level) for level in levels]
    return [place.original()] if needs_original(study, place) else []


def needs_original(study: Study, supervision: Supervision) -> bool:
    """Whether a supervision is the teacher's rewrite of its own original at the same level."""
    section = study.teachers[supervision.teacher]
    writes = section.provider == "tutor" or isinstance(section, ChatTeacher)
    return writes and supervision.format not in ("original", *study.transforms)


def teachers_of(study: Study, *providers: str) -> list[str]:
    """The names of the teachers of some providers."""
    return [name for name, section in study.teachers.items() if section.provider in providers]


def teachers_not(study: Study, *providers: str) -> list[str]:
    """The names of all other teachers."""
    return [name for name, section in study.teachers.items() if section.provider not in providers]


def plain_formats(study: Study) -> str:
    """A wildcard constraint: any format that is no transform (in a path, where a slash ends the name)."""
    names = "|".join(f"{re.escape(name)}/" for name in study.transforms)
    return f"(?!{names})[a-zA-Z0-9-]+" if names else "[a-zA-Z0-9-]+"


def accuracy_supervisions(study: Study) -> list[Supervision]:
    """The supervisions in which teachers are tested themselves, each once."""
    found = [
        Supervision(dataset, teacher, format_, level)
        for section in study.teacher_accuracy.values()
        for dataset in section.datasets
        for teacher in section.teachers
        for format_ in section.formats
        for level in section.levels
    ]
    return list(dict.fromkeys(found))


def metrics_files(study: Study, chosen: list[Cell]) -> list[str]:
    """The metric files of some cells, for every decoding."""
    return [
        paths.fill(paths.METRICS, study.study, cell, decoding=decoding)
        for cell in chosen
        for decoding in study.decodings
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
    """What decides a dataset's problems."""
    return settings(study.datasets[dataset])


def teacher_settings(study: Study, teacher: str) -> str:
    """What decides a teacher's texts; pace, budget and the like are no part of it."""
    section = study.teachers[teacher].model_dump()
    return settings({key: value for key, value in section.items() if key not in HANDLING})


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


def batch_files(study: Study, phase: str) -> list[str]:
    """The batch halves of all supervisions whose teacher is asked by batch."""
    asked = [
        place
        for place in supervisions(study)
        if getattr(study.teachers[place.teacher], "mode", "online") == "batch" and place.format not in study.transforms
    ]
    return [paths.fill(paths.BATCH, study.study, place, phase=phase) for place in asked]


def handling(study: Study) -> str:
    """How each remote teacher is asked (pace, budget, key variable, server): changes no annotation."""
    return settings(
        {
            name: {key: value for key, value in section.model_dump().items() if key in HANDLING}
            for name, section in study.teachers.items()
            if isinstance(section, ChatTeacher)
        }
    )


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


def all_prompts_hash(study: Study) -> str:
    """What the prompts that exemplars are written with say; empty where no teacher is asked over a network."""
    asks = any(isinstance(section, ChatTeacher) for section in study.teachers.values())
    formats = ("original", "least-to-most", "rephrase-and-respond", "symbolic")
    prompts = Prompts(prompts_folder()) if asks else None
    return "" if prompts is None else " ".join(prompts.hash_of(*exemplar_prompt_names(name)) for name in formats)


def exemplar_files(study: Study, wildcards: Any) -> list[str]:
    """The exemplars of a remote teacher's job: the originals' and, for a rewrite, the format's."""
    if not isinstance(study.teachers[wildcards.teacher], ChatTeacher):
        return []
    formats = dict.fromkeys(["original", wildcards.format])
    place = {"dataset": wildcards.dataset, "teacher": wildcards.teacher}
    return [paths.fill(paths.EXEMPLAR, study.study, format=name, **place) for name in formats]


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
    return [paths.fill(pattern, study.study, place.original()) for pattern in _with_manifest(paths.TEACHER_ANSWERS)]


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
    return [paths.fill(pattern, study.study, place.original()) for pattern in _with_manifest(paths.ANNOTATIONS)]


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


def _with_manifest(pattern: str) -> list[str]:
    return [pattern, paths.manifest(pattern)]


def experiment_metrics(study: Study, experiment: str) -> list[str]:
    """The metric files that an experiment's table and figure read."""
    return metrics_files(study, experiment_cells(study, study.experiments[experiment]))


def tables(study: Study) -> list[str]:
    """All tables."""
    return [
        paths.fill(paths.TABLE, study.study, experiment=name, suffix=suffix)
        for name in study.experiments
        for suffix in ("csv", "md", "tex")
    ]


def figures(study: Study) -> list[str]:
    """All figures."""
    kinds = ("svg", "pdf")
    drawn = [
        paths.fill(paths.FIGURE, study.study, experiment=name, suffix=kind)
        for name in study.experiments
        for kind in kinds
    ]
    return drawn + [paths.fill(paths.LOSS_FIGURE, study.study, suffix=kind) for kind in kinds]


def report_items(study: Study) -> list[str]:
    """What the browsable report shows."""
    items = [path for path in tables(study) if path.endswith(".csv")]
    items += [path for path in figures(study) if path.endswith(".svg")]
    pages = (paths.FINDINGS_PAGE, paths.ANNOTATION_AUDIT_PAGE)
    return [*items, *(paths.fill(page, study.study) for page in pages)]


def targets(study: Study) -> list[str]:
    """Everything that a run of the whole study makes."""
    last = [paths.FINDINGS, paths.HEADLINE, paths.REPORT, paths.ARCHIVE, paths.ARCHIVE_SUMS]
    return [*tables(study), *figures(study), *(paths.fill(pattern, study.study) for pattern in last)]


def archived(study: Study) -> list[str]:
    """The results that go into the archive; weights stay out, their manifests with every hash go in."""
    found = [paths.fill(paths.STUDY_COPY, study.study), *tables(study), *figures(study)]
    found += [paths.fill(pattern, study.study) for pattern in (paths.FINDINGS, paths.FINDINGS_PAGE, paths.HEADLINE)]
    found += [paths.fill(pattern, study.study) for pattern in (paths.ANNOTATION_AUDIT, paths.ANNOTATION_AUDIT_TEXT)]
    found += [paths.fill(paths.TEACHER_ACCURACY, study.study, place) for place in accuracy_supervisions(study)]
    for dataset in study.datasets:
        found.append(paths.fill(paths.AUDIT, study.study, dataset=dataset))
        for split in ("train", "test"):
            for pattern in _with_manifest(paths.PROBLEMS):
                found.append(paths.fill(pattern, study.study, dataset=dataset, split=split))
    for place in supervisions(study):
        found += [paths.fill(pattern, study.study, place) for pattern in _with_manifest(paths.ANNOTATIONS)]
    for student in dict.fromkeys(cell.student for cell in cells(study)):
        found.append(paths.fill(f"{paths.STUDENT}/manifest.json", study.study, student=student))
    sets = dict.fromkeys((cell.supervision, cell.student) for cell in cells(study))
    for place, student in sets:
        found.append(paths.fill(paths.manifest(paths.TRAINING_SET), study.study, place, student=student))
    for cell in cells(study):
        found += [
            paths.fill(f"{paths.CHECKPOINT}/{name}", study.study, cell) for name in ("manifest.json", "trace.jsonl")
        ]
        for decoding in study.decodings:
            for pattern in [*_with_manifest(paths.PREDICTIONS), paths.METRICS, *_with_manifest(paths.SCORED)]:
                found.append(paths.fill(pattern, study.study, cell, decoding=decoding))
    return found


def resolved(study: Study) -> str:
    """The whole study with all defaults as JSON, in the order of the study file (which tables follow)."""
    return study.model_dump_json()
