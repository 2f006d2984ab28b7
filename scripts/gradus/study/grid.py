"""From a study to its cells: what the union of the experiments asks for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gradus.records import Cell, Supervision
from gradus.records.vocabulary import NATIVE, UNTAUGHT, UNTAUGHT_SEED, Split
from gradus.study import paths
from gradus.study.config import ChatTeacher, Experiment, Study, base_of, is_point
from gradus.study.paths import Artifact

# What one job makes of all metric files.
FINDINGS = (
    paths.FINDINGS,
    paths.FINDINGS_PAGE,
    paths.HEADLINE,
    paths.CLAIMS,
    paths.RECOMMENDATION,
    paths.COMPARED_WITH_PUBLISHED,
    paths.SPENT,
)


def experiment_supervisions(study: Study, experiment: Experiment) -> list[Supervision]:
    """All supervisions of an experiment that can be had, in the order of the file, baselines last."""
    return [supervision for supervision in requested_supervisions(experiment) if not is_missing(study, supervision)]


def missing_supervisions(study: Study) -> list[Supervision]:
    """What the study asks for and nobody released, or whose released file is not in the data folder: listed, not run."""
    every = [
        supervision for experiment in study.experiments.values() for supervision in requested_supervisions(experiment)
    ]
    return [supervision for supervision in dict.fromkeys(every) if is_missing(study, supervision)]


def is_missing(study: Study, supervision: Supervision) -> bool:
    """Whether a supervision, or one that it is made from, cannot be had (``results.presence`` finds out, once per study)."""
    if str(supervision) in (study.unavailable or ()):
        return True
    return any(is_missing(study, source) for source in sources(study, supervision))


def requested_supervisions(experiment: Experiment) -> list[Supervision]:
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


def requested_cells(study: Study) -> list[Cell]:
    """The cells that a study names, each once, those among them whose supervision cannot be had."""
    every = [
        Cell(supervision, student, seed)
        for experiment in study.experiments.values()
        for supervision in requested_supervisions(experiment)
        for student in experiment.students
        for seed in seeds(supervision, experiment)
    ]
    return list(dict.fromkeys(every))


def seeds(supervision: Supervision, experiment: Experiment) -> list[int]:
    """The seeds of a supervision in an experiment; the base model itself, which no training draws, has one."""
    return [UNTAUGHT_SEED] if is_untaught(supervision) else experiment.seeds


def is_untaught(supervision: Supervision) -> bool:
    """Whether a supervision is the base model itself: nothing is annotated or trained for it."""
    return supervision.format == UNTAUGHT


def trained(chosen: Iterable[Cell]) -> list[Cell]:
    """The cells among some that are trained: all but the base models themselves."""
    return [cell for cell in chosen if not is_untaught(cell.supervision)]


def experiment_cells(study: Study, experiment: Experiment) -> list[Cell]:
    """All cells of an experiment."""
    return [
        Cell(supervision, student, seed)
        for supervision in experiment_supervisions(study, experiment)
        for student in experiment.students
        for seed in seeds(supervision, experiment)
    ]


def cells(study: Study) -> list[Cell]:
    """The cells of a study, each once, in order."""
    every = [cell for experiment in study.experiments.values() for cell in experiment_cells(study, experiment)]
    return list(dict.fromkeys(every))


def supervisions(study: Study) -> list[Supervision]:
    """The supervisions that the trained cells need, each once, with all that they are made from before them."""
    found: dict[Supervision, None] = {}

    def add(supervision: Supervision) -> None:
        for source in sources(study, supervision):
            add(source)
        found[supervision] = None

    for cell in trained(cells(study)):
        add(cell.supervision)
    return list(found)


def annotation_files(study: Study) -> list[Artifact]:
    """The annotation files of all supervisions."""
    return [paths.ANNOTATIONS.of(study, supervision) for supervision in supervisions(study)]


def sources(study: Study, supervision: Supervision) -> list[Supervision]:
    """The supervisions that one is made from: a rewrite's original, a transform's sources, else none."""
    transform = study.transforms.get(supervision.format)
    if transform is not None:
        return transform.sources(supervision)
    return [supervision.original()] if needs_original(study, supervision) else []


def with_sources(study: Study, supervision: Supervision) -> list[Supervision]:
    """A supervision with all that it is made from, each once, what comes first first."""
    before = [needed for source in sources(study, supervision) for needed in with_sources(study, source)]
    return list(dict.fromkeys([*before, supervision]))


def needs_original(study: Study, supervision: Supervision) -> bool:
    """Whether a supervision is the teacher's rewrite of its own original at the same level."""
    section = study.teachers[supervision.teacher]
    writes = section.provider == "tutor" or isinstance(section, ChatTeacher)
    return writes and supervision.format not in ("original", *study.transforms)


def exemplars(study: Study, chosen: Sequence[Supervision]) -> list[tuple[str, str, str]]:
    """Dataset, teacher and format of the worked examples that remote teachers are shown, each once; the original's first.

    The points of a dataset share those of the dataset itself: what is asked, and paid, is the same.
    """
    wanted = [
        (base_of(supervision.dataset), supervision.teacher, format_)
        for supervision in chosen
        for format_ in ("original", supervision.format)
        if isinstance(study.teachers[supervision.teacher], ChatTeacher)
        and supervision.format not in study.transforms
        # At level `native` a teacher is shown no example: its own chain of thought is asked for.
        and (supervision.format, supervision.level) != ("original", NATIVE)
    ]
    return list(dict.fromkeys(wanted))


def exemplar_files(study: Study, chosen: Sequence[Supervision]) -> list[Artifact]:
    """The files of these worked examples."""
    return [
        paths.EXEMPLAR.of(study, dataset=dataset, teacher=teacher, format=format_)
        for dataset, teacher, format_ in exemplars(study, chosen)
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


def problem_sets(study: Study) -> list[str]:
    """The names of all problems that some cell is evaluated on: ``test``, ``development``, those of other datasets."""
    own = [name for dataset in study.datasets for name in evaluated_on(study, dataset)]
    own += [paths.TRAIN] if any(transform.asked() for transform in study.transforms.values()) else []
    others = [paths.on_dataset(name) for experiment in study.experiments.values() for name in experiment.transfer]
    return list(dict.fromkeys([*own, *others]))


def evaluated_on(study: Study, dataset: str) -> list[str]:
    """The names of the problems of a dataset that its own cells are evaluated on, ``test`` first."""
    has_development = study.datasets[dataset].development is not None
    return [paths.TEST, *([paths.DEVELOPMENT] if has_development else [])]


def evaluations(
    study: Study, chosen: Iterable[Cell], experiments: Iterable[Experiment] | None = None
) -> list[tuple[Cell, str]]:
    """Cells, each with the names of the problems that it is evaluated on (of other datasets: for some experiments alone)."""
    others = transfers(study, study.experiments.values() if experiments is None else experiments)
    return [
        (cell, problems)
        for cell in chosen
        for problems in (*evaluated_on(study, cell.supervision.dataset), *others.get(cell, ()))
    ]


def transfers(study: Study, experiments: Iterable[Experiment]) -> dict[Cell, list[str]]:
    """The names of other datasets' test problems that the cells of some experiments are evaluated on."""
    found: dict[Cell, list[str]] = {}
    for experiment in experiments:
        for cell in experiment_cells(study, experiment) if experiment.transfer else ():
            names = found.setdefault(cell, [])
            wanted = [paths.on_dataset(name) for name in experiment.transfer if name != cell.supervision.dataset]
            names += [name for name in wanted if name not in names]
    return found


def transfers_of(study: Study, cell: Cell) -> list[str]:
    """The same of one cell, without a look at all others."""
    own = cell.supervision
    asking = [experiment for experiment in study.experiments.values() if experiment.transfer and _has(experiment, cell)]
    names = dict.fromkeys(name for experiment in asking for name in experiment.transfer)
    return [paths.on_dataset(name) for name in names if name != own.dataset]


def _has(experiment: Experiment, cell: Cell) -> bool:
    own = cell.supervision
    is_named = experiment.asks_for(own.dataset, own.short.split("/"), cell.student)
    return is_named and cell.seed in seeds(own, experiment)


def solver_of(study: Study, supervision: Supervision) -> tuple[Cell, str] | None:
    """The cell whose answers to the training problems a transform goes by, and their decoding; None where it asks nobody."""
    transform = study.transforms.get(supervision.format)
    solver = None if transform is None else transform.asked()
    if solver is None:
        return None
    return solver.cell(supervision.dataset), solver.decoding or next(iter(study.decodings))


def solvers(study: Study) -> list[tuple[Cell, str]]:
    """All of them, each once."""
    return list(dict.fromkeys(found for one in supervisions(study) if (found := solver_of(study, one)) is not None))


def decodings(
    study: Study, chosen: Iterable[Cell], experiments: Iterable[Experiment] | None = None
) -> dict[Cell, list[str]]:
    """The names of the decodings that each of some cells is written with, the main one first.

    All have those of the study file; those that an axis of an experiment made are for its own cells (of some experiments alone).
    """
    shared = [name for name in study.decodings if not is_point(name)]
    points: dict[Cell, list[str]] = {}
    for experiment in study.experiments.values() if experiments is None else experiments:
        made = [name for name in experiment.decodings if is_point(name)]
        for cell in experiment_cells(study, experiment) if made else ():
            points[cell] = list(dict.fromkeys([*points.get(cell, ()), *made]))
    return {cell: [*shared, *points.get(cell, ())] for cell in chosen}


def is_taught_on(study: Study, dataset: str) -> bool:
    """Whether an experiment teaches students on a dataset; others are asked alone."""
    return any(dataset in experiment.datasets for experiment in study.experiments.values())


def transferred_to(study: Study, dataset: str) -> list[str]:
    """The other datasets whose test problems students of a dataset are asked."""
    chosen = [one for one in study.experiments.values() if dataset in one.datasets]
    return list(dict.fromkeys(name for one in chosen for name in one.transfer if name != dataset))


def splits(study: Study, dataset: str) -> list[Split]:
    """The splits of a dataset, in the order in which they are used."""
    return ["train", "test"] if study.datasets[dataset].development is None else ["train", "development", "test"]


def metrics_files(
    study: Study, chosen: Iterable[Cell], experiments: Iterable[Experiment] | None = None
) -> list[Artifact]:
    """The metric files of some cells, on all problems that they are evaluated on, for every decoding."""
    chosen, experiments = list(chosen), None if experiments is None else list(experiments)
    written = decodings(study, chosen, experiments)
    return [
        paths.METRICS.of(study, cell, problems=problems, decoding=decoding)
        for cell, problems in evaluations(study, chosen, experiments)
        for decoding in written[cell]
    ]


def solver_metrics(study: Study) -> list[Artifact]:
    """The metric files of what students are asked of their training problems."""
    return [paths.METRICS.of(study, cell, problems=paths.TRAIN, decoding=name) for cell, name in solvers(study)]


def scored_files(study: Study, chosen: Iterable[Cell]) -> list[Artifact]:
    """The rows beside these metric files, and their manifests."""
    chosen = list(chosen)
    written = decodings(study, chosen)
    return [
        pattern.of(study, cell, problems=problems, decoding=decoding)
        for cell, problems in evaluations(study, chosen)
        for decoding in written[cell]
        for pattern in paths.SCORED.both
    ]


def student_fits(study: Study) -> list[Artifact]:
    """The fit of every supervision that is trained to the base model of every student that learns from it."""
    pairs = dict.fromkeys((cell.supervision, cell.student) for cell in trained(cells(study)))
    return [paths.STUDENT_FIT.of(study, supervision, student=student) for supervision, student in pairs]


def batch_files(study: Study, phase: str) -> list[Artifact]:
    """The batch halves of all supervisions whose teacher is asked by batch."""
    asked = [
        supervision
        for supervision in supervisions(study)
        if getattr(study.teachers[supervision.teacher], "mode", "online") == "batch"
        and supervision.format not in study.transforms
    ]
    return [paths.BATCH.of(study, supervision, phase=phase) for supervision in asked]


def experiment_metrics(study: Study, experiment: str) -> list[Artifact]:
    """The metric files that an experiment's table and figure read."""
    chosen = study.experiments[experiment]
    return metrics_files(study, experiment_cells(study, chosen), [chosen])


def tables(study: Study) -> list[Artifact]:
    """All tables: one for each experiment, and that of transfer where some cell is asked other datasets' problems."""
    kinds = ("csv", "md", "tex")
    found = [paths.TABLE.of(study, experiment=name, suffix=kind) for name in study.experiments for kind in kinds]
    if any(experiment.transfer for experiment in study.experiments.values()):
        found += [paths.TRANSFER_TABLE.of(study, suffix=kind) for kind in kinds]
    if study.student_fits:
        found += [paths.FITS_TABLE.of(study, suffix=kind) for kind in kinds]
    return found


def figures(study: Study) -> list[Artifact]:
    """All figures, and what they show as CSV beside them."""
    kinds = ("svg", "pdf", "csv")
    drawn = [paths.FIGURE.of(study, experiment=name, suffix=kind) for name in study.experiments for kind in kinds]
    if study.student_fits:
        drawn += [paths.FITS_FIGURE.of(study, suffix=kind) for kind in kinds]
    return drawn + [paths.LOSS_FIGURE.of(study, suffix=kind) for kind in kinds]


def speed_figures(study: Study) -> list[Artifact]:
    """The figure of how fast the cells trained, and what it shows: no result."""
    return [paths.SPEED_FIGURE.of(study, suffix=kind) for kind in ("svg", "pdf", "csv")]
