"""The plan: what a study will ask for and take, computed from its file alone (and what is already there)."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gradus import paths
from gradus.config import BuiltStudent, Experiment, GradeschoolDataset, Study
from gradus.grid import cells, experiment_cells, experiment_supervisions, supervisions
from gradus.jsonl import manifest_path, read_json
from gradus.paths import Cell

# Tokens of one training example where no training set tells better: question, and rationale per level.
ASSUMED_QUESTION_TOKENS = 70
ASSUMED_RATIONALE_TOKENS = {"L1": 30, "L2": 40, "L3": 60, "L4": 90, "L5": 110, "L6": 140, "native": 5}
SVAMP_ROWS = (700, 300)


@dataclass(frozen=True)
class Line:
    """The needs of one experiment, or of the whole study, in which shared cells count once."""

    name: str
    supervisions: int
    cells: int
    requests: int
    training_samples: int
    optimizer_steps: int
    training_tokens: int
    predictions: int
    disk_bytes: int


def plan(study: Study) -> list[Line]:
    """One line per experiment and one for the study."""
    lines = [
        _line(
            study,
            name,
            experiment_cells(experiment),
            len(experiment_supervisions(experiment)),
            _asked(study, experiment),
        )
        for name, experiment in study.experiments.items()
    ]
    return [*lines, _line(study, "the whole study", cells(study), len(supervisions(study)), _asked(study, None))]


def sizes(study: Study, dataset: str) -> tuple[int, int]:
    """Training and test problems of a dataset."""
    section = study.datasets[dataset]
    return (section.train, section.test) if isinstance(section, GradeschoolDataset) else SVAMP_ROWS


def parameters(study: Study, student: str) -> int | None:
    """Weights of a built student; None where only the model itself can tell."""
    section = study.students[student]
    if not isinstance(section, BuiltStudent):
        return None
    hidden = section.hidden
    per_layer = 4 * hidden * hidden + 3 * hidden * (3 * hidden) + 2 * hidden
    return section.vocabulary * hidden + section.layers * per_layer + hidden


def _asked(study: Study, experiment: Experiment | None) -> int:
    """Requests to teachers that answer through the journal; files that exist already ask nothing."""
    places = supervisions(study) if experiment is None else experiment_supervisions(experiment)
    waiting = [
        place
        for place in places
        if study.teachers[place.teacher].provider == "tutor"
        and not Path(paths.fill(paths.ANNOTATIONS, study.study, place)).exists()
    ]
    return sum(sizes(study, place.dataset)[0] for place in waiting)


def _line(study: Study, name: str, chosen: list[Cell], places: int, requests: int) -> Line:
    samples = steps = tokens = predictions = disk = 0
    for cell in chosen:
        recipe = study.recipe_of(cell.student)
        rows, per_example = _training_set(study, cell)
        seen = round(rows * recipe.epochs)
        samples += seen
        steps += math.ceil(seen / recipe.batch_size)
        tokens += round(seen * per_example)
        predictions += sizes(study, cell.supervision.dataset)[1] * len(study.decodings)
        disk += 4 * (parameters(study, cell.student) or 0)
    return Line(name, places, len(chosen), requests, samples, steps, tokens, predictions, disk)


def _training_set(study: Study, cell: Cell) -> tuple[int, float]:
    """Examples and tokens per example: measured where the training set exists, assumed else."""
    place = cell.supervision
    path = Path(paths.fill(paths.TRAINING_SET, study.study, place, student=cell.student))
    assumed = float(ASSUMED_QUESTION_TOKENS + ASSUMED_RATIONALE_TOKENS[place.level])
    if not manifest_path(path).exists():
        return sizes(study, place.dataset)[0], assumed
    facts = read_json(manifest_path(path))
    return facts["rows"], facts["mean_tokens"]


def to_markdown(lines: list[Line], jobs: dict[str, int]) -> str:
    """The plan as tables."""
    names = list(asdict(lines[0]))
    head = ["| " + " | ".join(name.replace("_", " ") for name in names) + " |", "|---|" + "---:|" * (len(names) - 1)]
    body = ["| " + " | ".join(_shown(value) for value in asdict(line).values()) + " |" for line in lines]
    listed = ["", "| jobs that would run now | |", "|---|---:|"] + [
        f"| {rule} | {count} |" for rule, count in jobs.items()
    ]
    return "\n".join(head + body + (listed if jobs else ["", "Nothing is left to run."])) + "\n"


def to_json(lines: list[Line], jobs: dict[str, int]) -> dict[str, Any]:
    """The plan for machines."""
    return {"lines": [asdict(line) for line in lines], "jobs": jobs}


def _shown(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
