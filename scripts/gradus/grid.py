"""From a study to its cells: what the union of the experiments asks for."""

from __future__ import annotations

from typing import Any

from gradus import paths
from gradus.atomic import canonical_json
from gradus.config import BuiltStudent, Experiment, Study
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
    """What decides a teacher's texts."""
    return settings(study.teachers[teacher])


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


def original_option(study: Study, wildcards: Any) -> str:
    """The command-line option that names those originals."""
    files = original_files(study, wildcards)
    return f"--original {files[0]}" if files else ""


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
    return metrics_files(study, experiment_cells(study.experiments[experiment]))


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
    return [*items, paths.fill(paths.FINDINGS_PAGE, study.study)]


def targets(study: Study) -> list[str]:
    """Everything that a run of the whole study makes."""
    last = [paths.FINDINGS, paths.HEADLINE, paths.REPORT, paths.ARCHIVE, paths.ARCHIVE_SUMS]
    return [*tables(study), *figures(study), *(paths.fill(pattern, study.study) for pattern in last)]


def archived(study: Study) -> list[str]:
    """The results that go into the archive; weights stay out, their manifests with every hash go in."""
    found = [paths.fill(paths.STUDY_COPY, study.study), *tables(study), *figures(study)]
    found += [paths.fill(pattern, study.study) for pattern in (paths.FINDINGS, paths.FINDINGS_PAGE, paths.HEADLINE)]
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
