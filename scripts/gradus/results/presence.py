"""Presence: what of a study can be had at all, found in the data folder once and then frozen into the study."""

from __future__ import annotations

from pathlib import Path

from gradus.records import Supervision
from gradus.study.config import ReleasedTeacher, Study
from gradus.study.grid import asked_supervisions, sources
from gradus.teachers.local import released_files


def with_unavailable(study: Study, data_folder: Path | None) -> Study:
    """The study with its unavailable supervisions written down; as it is where they are known already.

    From then on its grid depends on nothing but the study. Without released annotations in the data folder nothing counts
    as unavailable: the job that needs them says what to do.
    """
    if study.unavailable is not None:
        return study
    found: list[str] = []
    if data_folder is not None and (data_folder / released_files.FOLDER).is_dir():
        every = [one for experiment in study.experiments.values() for one in asked_supervisions(experiment)]
        needed = dict.fromkeys(one for supervision in every for one in (supervision, *_all_sources(study, supervision)))
        found = [str(one) for one in needed if _is_unavailable(study, one, data_folder)]
    return study.model_copy(update={"unavailable": found})


def _all_sources(study: Study, supervision: Supervision) -> list[Supervision]:
    return [one for source in sources(study, supervision) for one in (source, *_all_sources(study, source))]


def _is_unavailable(study: Study, supervision: Supervision, data_folder: Path) -> bool:
    section = study.teachers[supervision.teacher]
    if not isinstance(section, ReleasedTeacher) or supervision.format in study.transforms:
        return False
    return released_files.is_missing(supervision, section.author, data_folder)
