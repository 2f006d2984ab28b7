"""Groups: which files of a study go into which tar."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from gradus.archive.finished_jobs import record_files
from gradus.archive.tarball import Member
from gradus.presentation.exhibits import conditions
from gradus.records import Supervision
from gradus.runtime.environment import journal_folder
from gradus.runtime.folders import files_below
from gradus.study import paths
from gradus.study.config import ArchiveGroup, Study, base_of
from gradus.study.grid import (
    FINDINGS,
    accuracy_supervisions,
    cells,
    decodings,
    evaluations,
    exemplar_files,
    figures,
    solvers,
    speed_figures,
    splits,
    supervisions,
    tables,
    trained,
)
from gradus.study.leak_checks import leak_checks
from gradus.study.paths import Artifact

_MANUSCRIPT = (paths.MANUSCRIPT, paths.METHODS, paths.MACROS)
_AUDIT = (paths.ANNOTATION_AUDIT, paths.ANNOTATION_AUDIT_TEXT, paths.ANNOTATION_AUDIT_PAGE)
# What is needed to run the study again, relative to the project; prompts come from the folder that the study uses.
CODE = (
    "Snakefile",
    "Makefile",
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "mkdocs.yml",
    "LICENSE",
    "CITATION.cff",
    "pyproject.toml",
    "requirements.lock",
    "rules",
    "scripts",
    "docs",
    "envs",
    "published",
    "report",
    "results/README.md",
)
CONFIG = ("config.yaml", "prices.yaml", "studies", "profiles", "slurm")
# The files beside the tars that explain them to people and machines.
GUIDES = (
    "README.md",
    "ARTIFACT.md",
    "checklist.md",
    "croissant.json",
    "ro-crate-preview.html",
    "Snakefile",
)
# In the tars the project's files are below this folder, so that those of an archive never overwrite those of the clone.
PROJECT_FOLDER = "code"
OPTIONAL = ("weights", "journal")


def groups(study: Study) -> list[ArchiveGroup]:
    """The groups that a study archives, in order."""
    return [name for name in get_args(ArchiveGroup) if name not in OPTIONAL or getattr(study.archive, name)]


def group_files(study: Study, group: str) -> list[Artifact]:
    """The results of one group, relative to the working folder, as Snakemake makes them.

    The project's files, run records, weights and journal are found on the disk instead (``members``).
    """
    return {
        "config": lambda study: [paths.STUDY_COPY.of(study)],
        "prompts": lambda study: exemplar_files(study, _answered(study)),
        "data": _data,
        "annotations": _annotations,
        "training": _training,
        "predictions": lambda study: _scores(study, paths.PREDICTIONS.both),
        "metrics": lambda study: _scores(study, [paths.METRICS, *paths.SCORED.both]),
        "tables": _shown,
        "cards": cards,
    }.get(group, lambda _: [])(study)


def archived(study: Study) -> list[Artifact]:
    """All results that go into the archive."""
    return [path for group in groups(study) for path in group_files(study, group)]


def members(study: Study, group: str, project: Path, prompts: Path) -> list[Member]:
    """The files of one group, sorted by their names, which are paths relative to the working folder.

    ``prompts``: the folder of prompt files that the study uses, which need not be the project's.
    """
    if group == "provenance":
        folder = Path(paths.RESULTS.of(study))
        own = [path for path in files_below(folder, ".run.json") if folder / "archive" not in path.parents]
        return sorted(Member(path.as_posix(), path) for path in [*own, *record_files(folder.as_posix())])
    if group == "weights":
        folders = [Path(paths.WEIGHTS.of(study, cell)) for cell in trained(cells(study))]
        found = [path for folder in folders for path in files_below(folder) if _wanted(path)]
        return sorted(Member(path.as_posix(), path) for path in found)
    if group == "journal":
        teachers = {supervision.teacher for supervision in _answered(study)}
        folder = journal_folder()
        found = [path for name in teachers for path in files_below(folder / name) if _wanted(path)]
        return sorted(Member(f"journal/{path.relative_to(folder).as_posix()}", path) for path in found)
    made = [Member(path, Path(path)) for path in group_files(study, group)]
    project_paths = {name: project / name for name in {"code": CODE, "config": CONFIG}.get(group, ())}
    if group == "prompts":
        project_paths["prompts"] = prompts
    return sorted(made + [file for name, path in project_paths.items() for file in _project_files(name, path)])


def _project_files(name: str, source: Path) -> list[Member]:
    """A file, or all in a folder, as ``name`` of the project; caches left out."""
    found = files_below(source) if source.is_dir() else [source] if source.is_file() else []
    return [
        Member(Path(PROJECT_FOLDER, name, path.relative_to(source)).as_posix(), path)
        for path in found
        if "__pycache__" not in path.parts
    ]


def _wanted(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".")


def _answered(study: Study) -> list[Supervision]:
    """What teachers answer: annotations, and their own answers to the test split."""
    return [*supervisions(study), *accuracy_supervisions(study)]


def _data(study: Study) -> list[Artifact]:
    found = leak_checks(study)
    for dataset in study.datasets:
        found.append(paths.AUDIT.of(study, dataset=dataset))
        for split in splits(study, dataset):
            for pattern in paths.PROBLEMS.both:
                found.append(pattern.of(study, dataset=dataset, split=split))
    return found


def _annotations(study: Study) -> list[Artifact]:
    found = [pattern.of(study) for pattern in _AUDIT]
    for supervision in supervisions(study):
        found += [pattern.of(study, supervision) for pattern in paths.ANNOTATIONS.both]
    for supervision in accuracy_supervisions(study):
        found += [pattern.of(study, supervision) for pattern in paths.TEACHER_ANSWERS.both]
        found.append(paths.TEACHER_ACCURACY.of(study, supervision))
    return found


def _training(study: Study) -> list[Artifact]:
    """Everything of the trainings but the weights; the manifests hold the hash of every weight file.

    Telemetry is among it, though it is not a result: it shows what the study took.
    """
    taught = trained(cells(study))
    found = [
        paths.BASE_MODEL.manifest.of(study, student=student)
        for student in dict.fromkeys(base_of(cell.student) for cell in cells(study))
    ]
    found += [
        paths.TRAINING_SET.manifest.of(study, supervision, student=student)
        for supervision, student in dict.fromkeys((cell.supervision, cell.student) for cell in taught)
    ]
    for cell in taught:
        for pattern in (paths.WEIGHTS.manifest, paths.TRACE, paths.TELEMETRY):
            found.append(pattern.of(study, cell))
    return found


def cards(study: Study) -> list[Artifact]:
    """The card of the annotations and those of all students."""
    models = [paths.MODEL_CARD.of(study, cell) for cell in trained(cells(study))]
    return [paths.DATASET_CARD.of(study), *models]


def _scores(study: Study, patterns: list[Artifact]) -> list[Artifact]:
    written = decodings(study, cells(study))
    made = [
        (cell, problems, decoding) for cell, problems in evaluations(study, cells(study)) for decoding in written[cell]
    ]
    made += [(cell, paths.TRAIN, decoding) for cell, decoding in solvers(study)]
    return [
        pattern.of(study, cell, problems=problems, decoding=decoding)
        for cell, problems, decoding in made
        for pattern in patterns
    ]


def _shown(study: Study) -> list[Artifact]:
    return [
        *tables(study),
        *figures(study),
        *speed_figures(study),
        *conditions.files(study),
        *(pattern.of(study) for pattern in (*FINDINGS, paths.EXPLORER, paths.REPORT, *_MANUSCRIPT)),
    ]
