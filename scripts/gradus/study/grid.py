"""From a study to its cells: what the union of the experiments asks for."""

from __future__ import annotations

from collections.abc import Sequence

from gradus.records import Cell, Supervision
from gradus.study import paths
from gradus.study.config import ChatTeacher, Experiment, MixedTransform, PaddedTransform, Study

# What one job makes of all metric files.
FINDINGS = (
    paths.FINDINGS,
    paths.FINDINGS_PAGE,
    paths.HEADLINE,
    paths.CLAIMS,
    paths.RECOMMENDATION,
    paths.BESIDE_PUBLISHED,
)


def experiment_supervisions(study: Study, experiment: Experiment) -> list[Supervision]:
    """All supervisions of an experiment that can be had, in the order of the file, baselines last."""
    return [place for place in asked_supervisions(experiment) if not is_missing(study, place)]


def missing_supervisions(study: Study) -> list[Supervision]:
    """What the study asks for and nobody released, or whose released file is not in the data folder: listed, not run."""
    every = [place for experiment in study.experiments.values() for place in asked_supervisions(experiment)]
    return [place for place in dict.fromkeys(every) if is_missing(study, place)]


def is_missing(study: Study, supervision: Supervision) -> bool:
    """Whether a supervision, or one that it is made from, cannot be had (``results.presence`` finds out, once per study)."""
    if str(supervision) in (study.unavailable or ()):
        return True
    return any(is_missing(study, source) for source in sources(study, supervision))


def asked_supervisions(experiment: Experiment) -> list[Supervision]:
    """All supervisions that an experiment names, whether they can be had or not, baselines last."""
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


def asked_cells(study: Study) -> list[Cell]:
    """The cells that a study names, each once, those among them whose supervision cannot be had."""
    every = [
        Cell(supervision, student, seed)
        for experiment in study.experiments.values()
        for supervision in asked_supervisions(experiment)
        for student in experiment.students
        for seed in experiment.seeds
    ]
    return list(dict.fromkeys(every))


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


def exemplars(study: Study, places: Sequence[Supervision]) -> list[tuple[str, str, str]]:
    """Dataset, teacher and format of the worked examples that remote teachers are shown, each once; the original's first."""
    wanted = [
        (place.dataset, place.teacher, format_)
        for place in places
        for format_ in ("original", place.format)
        if isinstance(study.teachers[place.teacher], ChatTeacher) and place.format not in study.transforms
    ]
    return list(dict.fromkeys(wanted))


def exemplar_files(study: Study, places: Sequence[Supervision]) -> list[str]:
    """The files of these worked examples."""
    return [
        paths.fill(paths.EXEMPLAR, study.study, dataset=dataset, teacher=teacher, format=format_)
        for dataset, teacher, format_ in exemplars(study, places)
    ]


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


def batch_files(study: Study, phase: str) -> list[str]:
    """The batch halves of all supervisions whose teacher is asked by batch."""
    asked = [
        place
        for place in supervisions(study)
        if getattr(study.teachers[place.teacher], "mode", "online") == "batch" and place.format not in study.transforms
    ]
    return [paths.fill(paths.BATCH, study.study, place, phase=phase) for place in asked]


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


def speed_figures(study: Study) -> list[str]:
    """The figure of how fast the cells trained: shown, but no result."""
    return [paths.fill(paths.SPEED_FIGURE, study.study, suffix=kind) for kind in ("svg", "pdf")]
