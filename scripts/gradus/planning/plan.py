"""The plan: what a study will ask for and take, computed from its file alone (and what is already there)."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gradus.data.datasets.catalogue import CATALOGUE
from gradus.planning.quote import NOTHING, Quotation, Quote
from gradus.records import Cell, Supervision
from gradus.results.store import Results
from gradus.runtime.jsonl import manifest_path, read_json
from gradus.students.model_sizes import size_of
from gradus.study import paths
from gradus.study.config import BuiltStudent, GradeschoolDataset, Study
from gradus.study.grid import (
    accuracy_supervisions,
    cells,
    experiment_cells,
    experiment_supervisions,
    missing_supervisions,
    sources,
    supervisions,
)
from gradus.teachers.prompts.prompting import Prompts

# Tokens of one training example where no training set tells better: question, and rationale per level.
WHOLE = "the whole study"
ASSUMED_QUESTION_TOKENS = 70
ASSUMED_RATIONALE_TOKENS = {"L1": 30, "L2": 40, "L3": 60, "L4": 90, "L5": 110, "L6": 140, "native": 5}

# Where no finished training tells: operations a second of one rank, and its seconds beyond the steps. A GPU: 40 % of the
# 989 TFLOP/s of an H100 or H200 in bf16; a CPU process: what tiny students reach on one core (docs/background/benchmarks.md).
ASSUMED_FLOPS = {"gpu": 0.4 * 989e12, "cpu": 1.4e10}
ASSUMED_FIXED_SECONDS = {"gpu": 60, "cpu": 8}


@dataclass(frozen=True)
class Line:
    """The needs of one experiment, or of the whole study, in which shared cells count once.

    ``weights_bytes`` stay, ``progress_bytes`` are the most that one running training keeps in ``work/``; ``rank_hours`` are
    hours of one GPU (or of one process of a CPU training). None where a student's size is not known before it is fetched.
    """

    name: str
    supervisions: int
    cells: int
    training_samples: int
    optimizer_steps: int
    training_tokens: int
    predictions: int
    weights_bytes: int
    progress_bytes: int
    rank_hours: float | None


@dataclass(frozen=True)
class Plan:
    """Lines per experiment, and quotes of the remote teachers per experiment and per value of each axis."""

    lines: list[Line]
    quotes: dict[str, Quote]
    missing: list[str]


def plan(study: Study, prompts: Prompts, prices: Path) -> Plan:
    """What the study needs; the last line and the quote ``the whole study`` count what is shared once."""
    lines = [
        needs_of(study, name, experiment_cells(study, experiment), len(experiment_supervisions(study, experiment)))
        for name, experiment in study.experiments.items()
    ]
    lines.append(needs_of(study, WHOLE, cells(study), len(supervisions(study))))
    missing = [str(place) for place in missing_supervisions(study)]
    return Plan(lines, _quotes(study, Quotation(Results(Path(), study), prompts, prices)), missing)


def _quotes(study: Study, quotation: Quotation) -> dict[str, Quote]:
    """Per experiment, per teacher, format and level, for the teachers' own tests, the exemplars and the study."""
    each: dict[tuple[str, Supervision], Quote] = {}
    for place in supervisions(study):
        each["train", place] = quotation.of(place, "train", sizes(study, place.dataset)[0])
    own = [
        place
        for wanted in accuracy_supervisions(study)
        for place in ([wanted.original()] if wanted.format != "original" else []) + [wanted]
    ]
    for place in dict.fromkeys(own):
        each["test", place] = quotation.of(place, "test", sizes(study, place.dataset)[1])
    asked = {key: found for key, found in each.items() if found.requests}
    if not asked:
        return {}
    quotes: dict[str, Quote] = {}
    for name, experiment in study.experiments.items():
        wanted_places = {
            place for one in experiment_supervisions(study, experiment) for place in _with_sources(study, one)
        }
        quotes[f"experiment {name}"] = _total(
            found for (split, one), found in asked.items() if split == "train" and one in wanted_places
        )
    for axis in ("teacher", "format", "level"):
        for value in dict.fromkeys(getattr(place, axis) for _, place in asked):
            quotes[f"{axis} {value}"] = _total(
                found for (_, one), found in asked.items() if getattr(one, axis) == value
            )
    if any(split == "test" for split, _ in asked):
        quotes["teacher accuracy"] = _total(found for (split, _), found in asked.items() if split == "test")
    exemplars = quotation.of_exemplars([place for _, place in asked])
    if exemplars.requests:
        quotes["exemplars"] = exemplars
    quotes[WHOLE] = _total(asked.values()) + exemplars
    return quotes


def _with_sources(study: Study, place: Supervision) -> list[Supervision]:
    return [place, *(found for source in sources(study, place) for found in _with_sources(study, source))]


def _total(quotes: Iterable[Quote]) -> Quote:
    return sum(quotes, NOTHING)


def sizes(study: Study, dataset: str) -> tuple[int, int]:
    """Training and test problems of a dataset: counted where they are there, else what the dataset is known to hold."""
    section = study.datasets[dataset]
    if isinstance(section, GradeschoolDataset):
        return section.train, section.test
    counts = []
    known = CATALOGUE[section.source].sizes
    for split, wanted, usual in zip(("train", "test"), (section.train_size, section.test_size), known, strict=True):
        facts = manifest_path(paths.fill(paths.PROBLEMS, study.study, dataset=dataset, split=split))
        counts.append(read_json(facts)["rows"] if facts.exists() else min(usual, wanted or usual))
    return counts[0], counts[1]


def needs_of(study: Study, name: str, chosen: list[Cell], places: int) -> Line:
    """What the trainings and predictions of some cells ask for; ``places`` is the number of their supervisions."""
    samples = steps = tokens = predictions = 0
    weights, progress, seconds = 0.0, 0.0, 0.0
    known = True
    for cell in chosen:
        recipe = study.recipe_of(cell.student)
        rows, per_example = _training_set(study, cell)
        seen = round(rows * recipe.epochs)
        samples += seen
        steps += math.ceil(seen / recipe.batch_size)
        tokens += round(seen * per_example)
        predictions += sizes(study, cell.supervision.dataset)[1] * sum(one.samples for one in study.decodings.values())
        needs = training_needs(study, cell.student, seen * per_example, per_example)
        if needs is None:
            known = False
            continue
        weights += needs.weights_bytes
        progress = max(progress, needs.progress_bytes)
        seconds += needs.rank_seconds
    hours = round(seconds / 3600, 3) if known else None
    return Line(name, places, len(chosen), samples, steps, tokens, predictions, round(weights), round(progress), hours)


@dataclass(frozen=True)
class Needs:
    """What one training keeps, needs meanwhile, and takes (seconds times ranks)."""

    weights_bytes: float
    progress_bytes: float
    rank_seconds: float


def training_needs(study: Study, student: str, tokens: float, tokens_per_example: float) -> Needs | None:
    """Disk and time of one training over ``tokens``; None where the student's size is not known.

    Progress is the weights and the optimizer's fp32 copy and two moments, in two checkpoints and one being written. The
    speed is the median of this student's finished trainings in this study, else assumed from its operations.
    """
    section, recipe = study.students[student], study.recipe_of(student)
    folder = Path(paths.fill(paths.STUDENT, study.study, student=student))
    size = size_of(section, folder, frozen=recipe.adapter is not None)
    if size is None:
        return None
    weights, work = size
    width = 2 if recipe.precision == "bf16" else 4
    trained = weights if recipe.adapter is None else 0  # adapters are small beside what is frozen
    built = isinstance(section, BuiltStudent)
    flops = work.flops([round(tokens_per_example)], round(tokens_per_example)) / max(1.0, tokens_per_example)
    per_rank = _measured_speed(study, student) or ASSUMED_FLOPS["cpu" if built else "gpu"] / max(1.0, flops)
    fixed = ASSUMED_FIXED_SECONDS["cpu" if built else "gpu"] * recipe.ranks
    return Needs(width * weights, 3 * (12 + width) * trained, tokens / per_rank + fixed)


def _measured_speed(study: Study, student: str) -> float | None:
    """Tokens a second of one rank, the median over this student's finished trainings."""
    speeds = []
    for cell in cells(study):
        if cell.student == student:
            record = Path(paths.run_record(paths.fill(f"{paths.CHECKPOINT}.jsonl", study.study, cell)))
            if record.exists():
                speeds.append(read_json(record)["tokens_per_second"] / study.recipe_of(student).ranks)
    return statistics.median(speeds) if speeds else None


def _training_set(study: Study, cell: Cell) -> tuple[int, float]:
    """Examples and tokens per example: measured where the training set exists, assumed else."""
    place = cell.supervision
    path = Path(paths.fill(paths.TRAINING_SET, study.study, place, student=cell.student))
    assumed = float(ASSUMED_QUESTION_TOKENS + ASSUMED_RATIONALE_TOKENS[place.level])
    if not manifest_path(path).exists():
        return sizes(study, place.dataset)[0], assumed
    facts = read_json(manifest_path(path))
    return facts["rows"], facts["mean_tokens"]


def to_markdown(found: Plan, jobs: dict[str, int], changes: Sequence[Any]) -> str:
    """The plan as tables; ``changes``: what would run now, a record per experiment and for the study."""
    parts = _table([asdict(line) for line in found.lines])
    if found.quotes:
        rows = [{"what the teachers are asked": name, **asdict(one)} for name, one in found.quotes.items()]
        parts += ["", *_table(rows), "", _QUOTE_NOTE]
    parts += ["", _TRAINING_NOTE]
    if found.missing:
        parts += ["", "Missing, because their released files are not there (not run, not in any table):", ""]
        parts += [f"- {place}" for place in found.missing]
    if changes:
        parts += ["", *_table([asdict(one) for one in changes]), "", _CHANGES_NOTE]
    listed = [{"jobs that would run now": rule, "count": count} for rule, count in jobs.items()]
    return "\n".join([*parts, "", *(_table(listed) if listed else ["Nothing is left to run."])]) + "\n"


_QUOTE_NOTE = (
    "Requests in all, those that the journal holds already (cached, not paid again), tokens and price of the missing ones "
    "online and by batch (? where no price is known), minutes at the configured limits. Tokens are estimated."
)
_CHANGES_NOTE = (
    "Again: it was made before, and what it was made from has changed (an edit of the study file, of prompts or of code). "
    "Requests and price are those that the journal does not hold; rank hours as above. What only shows (tables, figures, "
    "findings) is made again with any of it."
)
_TRAINING_NOTE = (
    "Weights stay; progress is the most that one running training keeps in work/. Rank hours (one GPU each) are from this "
    "student's finished trainings where there are any, else assumed: 40 % of an H100's peak and 60 s per training, for built "
    "students a CPU core (? where a student's size is not known before it is fetched)."
)


def _table(rows: list[dict[str, Any]]) -> list[str]:
    names = list(rows[0])
    head = ["| " + " | ".join(name.replace("_", " ") for name in names) + " |", "|---|" + "---:|" * (len(names) - 1)]
    return head + ["| " + " | ".join(_shown(value) for value in row.values()) + " |" for row in rows]


def to_json(found: Plan, jobs: dict[str, int], changes: Sequence[Any]) -> dict[str, Any]:
    """The plan for machines."""
    quotes = {name: asdict(one) for name, one in found.quotes.items()}
    lines, told = [asdict(line) for line in found.lines], [asdict(one) for one in changes]
    return {"lines": lines, "quotes": quotes, "missing": found.missing, "would_run": told, "jobs": jobs}


def _shown(value: Any) -> str:
    if value is None:
        return "?"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}" if isinstance(value, float) else str(value)
