"""Conditions: which exhibits of the paper a study can show, and the supervisions and students that each needs.

An exhibit is shown for every study that asks what it shows (several levels, several formats, teachers tested themselves),
whatever its datasets, teachers and students are called; names matter only for what is printed in the paper beside it.
Imports nothing heavy: Snakemake asks here what to make.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from gradus.records import Condition, Supervision
from gradus.records.vocabulary import ANSWER_ONLY, LEVELS, NATIVE
from gradus.study import paths
from gradus.study.config import PaddedTransform, Study
from gradus.study.grid import accuracy_supervisions, cells, metrics_files, requested_cells
from gradus.study.paths import Artifact


def asked(study: Study) -> list[Condition]:
    """All conditions that the study asks for, each once."""
    return list(dict.fromkeys((cell.supervision, cell.student) for cell in requested_cells(study)))


def levels(study: Study) -> list[Condition]:
    """The level series of the main teacher (two levels at least), and bare answers for the same students and datasets."""
    series = _main_series(study)
    shown = {(supervisions[0].dataset, student) for _, student, supervisions in series}
    bare = [(supervision, student) for supervision, student in asked(study) if supervision.format == ANSWER_ONLY]
    return [
        *((supervision, student) for supervision, student in bare if (supervision.dataset, student) in shown),
        *((supervision, student) for _, student, supervisions in series for supervision in supervisions),
    ]


def _main_series(study: Study) -> list[tuple[str, str, list[Supervision]]]:
    """The series of the one teacher whose levels were asked for most often: the paper's figures show GPT-4o alone."""
    series = _series(study)
    counts = Counter(teacher for teacher, _, supervisions in series for _ in supervisions)
    main = counts.most_common(1)[0][0] if counts else ""
    return [entry for entry in series if entry[0] == main]


def _series(study: Study) -> list[tuple[str, str, list[Supervision]]]:
    """(teacher, student, levels from coarse to fine of one dataset), two levels at least."""
    grouped: dict[tuple[str, str, str], list[Supervision]] = {}
    for supervision, student in asked(study):
        if supervision.format == "original" and supervision.level in LEVELS:
            grouped.setdefault((supervision.dataset, supervision.teacher, student), []).append(supervision)
    return [
        (teacher, student, sorted(supervisions, key=lambda supervision: supervision.level))
        for (_, teacher, student), supervisions in grouped.items()
        if len(supervisions) > 1
    ]


def formats(study: Study) -> list[Condition]:
    """Two formats at least of the same teacher at the same level."""
    grouped: dict[tuple[str, str, str, str], list[Condition]] = {}
    for supervision, student in asked(study):
        if supervision.format not in (ANSWER_ONLY, *study.transforms) and supervision.level in LEVELS:
            key = (supervision.dataset, supervision.teacher, supervision.level, student)
            grouped.setdefault(key, []).append((supervision, student))
    return [condition for conditions in grouped.values() if len(conditions) > 1 for condition in conditions]


def padding(study: Study) -> list[Condition]:
    """Padded rationales between the level they were made from and the level whose length they have."""
    known = asked(study)
    found: list[Condition] = []
    for supervision, student in known:
        transform = study.transforms.get(supervision.format)
        if isinstance(transform, PaddedTransform):
            short = replace(supervision, format="original")
            long = replace(short, level=transform.target)
            found += [
                condition
                for condition in ((short, student), (supervision, student), (long, student))
                if condition in known
            ]
    return list(dict.fromkeys(found))


def tested(study: Study) -> list[Condition]:
    """Level series of teachers that are tested themselves at the same levels."""
    return _tested(study, _series(study))


def main_tested(study: Study) -> list[Condition]:
    """The same of the main teacher alone."""
    return _tested(study, _main_series(study))


def _tested(study: Study, series: Iterable[tuple[str, str, list[Supervision]]]) -> list[Condition]:
    own = set(accuracy_supervisions(study))
    return [
        (supervision, student)
        for _, student, supervisions in series
        for supervision in supervisions
        if supervision in own
    ]


def teachers(study: Study) -> list[Condition]:
    """Every student taught by two teachers at least, over the levels that all of them have; ``native`` is compared with any.

    A mean over levels that another teacher lacks would compare levels, and be called one of teachers.
    """
    chosen = [(supervision, student) for supervision, student in asked(study) if supervision.format == "original"]
    by_teacher: dict[tuple[str, str], dict[str, set[str]]] = {}
    for supervision, student in chosen:
        each = by_teacher.setdefault((supervision.dataset, student), {})
        each.setdefault(supervision.teacher, set()).add(supervision.level)
    shared = {key: shared_levels(each.values()) for key, each in by_teacher.items()}
    kept = [condition for condition in chosen if condition[0].level in shared[condition[0].dataset, condition[1]]]
    teachers_kept = {(one.dataset, student, one.teacher) for one, student in kept}
    count = Counter((dataset, student) for dataset, student, _ in teachers_kept)
    return [(supervision, student) for supervision, student in kept if count[supervision.dataset, student] > 1]


def shared_levels(each: Iterable[Collection[str]]) -> set[str]:
    """The levels that all have which have any, and ``native``, which nobody controls."""
    controlled = [{level for level in levels if level in LEVELS} for levels in each]
    controlled = [levels for levels in controlled if levels]
    return {NATIVE, *(set.intersection(*controlled) if controlled else set())}


def matthew(study: Study) -> list[Condition]:
    """Level series with bare answers beside them, of the levels that all students have on all datasets."""
    found = levels(study)
    each: dict[tuple[str, str], set[str]] = {}
    for supervision, student in found:
        each.setdefault((supervision.dataset, student), set()).add(supervision.level)
    shared = shared_levels(each.values())
    kept = [(supervision, student) for supervision, student in found if supervision.level in shared]
    return kept if len({supervision.format for supervision, _ in kept}) > 1 else []


CONDITIONS: dict[str, Callable[[Study], list[Condition]]] = {
    "table-1": levels,
    "table-2": padding,
    "table-3": formats,
    "table-10": levels,
    "figure-2": levels,
    "figure-3": main_tested,
    "figure-4": tested,
    "figure-5": teachers,
    "figure-6": matthew,
    "figure-13": teachers,
    "grid": asked,
}
TABLES = tuple(name for name in CONDITIONS if name.startswith("table-"))
FIGURES = tuple(name for name in CONDITIONS if name not in TABLES)


def wanted(study: Study) -> list[str]:
    """The names of the exhibits that a study can show."""
    return [name for name, conditions in CONDITIONS.items() if conditions(study)]


def inputs(study: Study, name: str) -> list[Artifact]:
    """The files that decide an exhibit: metrics of its cells that can be had, and manifests of the teachers' own answers."""
    shown = set(CONDITIONS[name](study))
    chosen = [cell for cell in cells(study) if (cell.supervision, cell.student) in shown]
    own = [
        supervision for supervision in accuracy_supervisions(study) if any(supervision == tested for tested, _ in shown)
    ]
    tested_themselves = own if name in ("figure-3", "figure-4") else []
    return [
        *metrics_files(study, chosen),
        *(paths.TEACHER_ANSWERS.manifest.of(study, supervision) for supervision in tested_themselves),
    ]


def files(study: Study) -> list[Artifact]:
    """All files of all exhibits that a study can show."""
    found = []
    for name in wanted(study):
        kinds = ("csv", "md", "tex") if name in TABLES else ("csv", "md", "svg", "pdf")
        found += [paths.EXHIBIT.of(study, exhibit=name, suffix=kind) for kind in kinds]
    return found
