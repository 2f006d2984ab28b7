"""Rebuild: what would run now, new or again, and what it would cost; the difference that an edit makes.

Snakemake's own summary says of every file whether its job is pending; what that means in cells, requests and hours is told here.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from gradus.planning.plan import WHOLE, needs_of, sizes
from gradus.planning.quote import NOTHING, Quotation
from gradus.records import Cell, Supervision
from gradus.results.store import Results
from gradus.runtime.errors import UserError
from gradus.study import paths
from gradus.study.config import Study
from gradus.study.grid import (
    accuracy_supervisions,
    cells,
    experiment_cells,
    experiment_supervisions,
    sources,
    supervisions,
)
from gradus.teachers.prompts.prompting import Prompts


@dataclass(frozen=True)
class Change:
    """Of one experiment or the study: annotations, trainings and scores that are not there yet, and those made again.

    ``requests`` are those that the journal does not hold; ``usd`` is None where a price is not known, ``rank_hours`` where a
    student's size is not.
    """

    would_run_in: str
    annotations_new: int
    annotations_again: int
    trainings_new: int
    trainings_again: int
    scores_new: int
    scores_again: int
    requests: int
    usd: float | None
    optimizer_steps: int
    rank_hours: float | None


def pending_files(summary: str) -> set[str]:
    """The files whose job would run now, from ``snakemake --summary``; UserError where it is none."""
    rows = list(
        csv.DictReader((line for line in summary.splitlines() if "\t" in line), delimiter="\t", quoting=csv.QUOTE_NONE)
    )
    if not rows or not {"output_file", "plan"} <= set(rows[0]):
        raise UserError("Snakemake's summary is not as expected", hint="is another version of Snakemake installed?")
    return {row["output_file"] for row in rows if row["plan"] == "update pending"}


def changes(study: Study, pending: set[str], prompts: Prompts, prices: Path) -> list[Change]:
    """One record per experiment in which something would run, and last one for the study, in which shared cells count once."""
    found = []
    for name, experiment in study.experiments.items():
        places = {one for place in experiment_supervisions(study, experiment) for one in _made_from(study, place)}
        found.append(
            _change(study, name, sorted(places), experiment_cells(study, experiment), pending, prompts, prices)
        )
    own = [place for place in accuracy_supervisions(study) if _answers(study, place) in pending]
    whole = _change(study, WHOLE, supervisions(study), cells(study), pending, prompts, prices, own)
    return [one for one in (*found, whole) if _is_something(one)]


def _is_something(one: Change) -> bool:
    counts = (one.annotations_new, one.annotations_again, one.trainings_new, one.trainings_again)
    return any((*counts, one.scores_new, one.scores_again, one.requests))


def _made_from(study: Study, place: Supervision) -> list[Supervision]:
    return [place, *(found for source in sources(study, place) for found in _made_from(study, source))]


def _answers(study: Study, place: Supervision) -> str:
    return paths.fill(paths.TEACHER_ANSWERS, study.study, place)


def _change(
    study: Study,
    name: str,
    places: list[Supervision],
    chosen: list[Cell],
    pending: set[str],
    prompts: Prompts,
    prices: Path,
    tested: list[Supervision] | None = None,
) -> Change:
    annotated = {place: paths.fill(paths.ANNOTATIONS, study.study, place) for place in places}
    trained = {cell: paths.fill(f"{paths.CHECKPOINT}/manifest.json", study.study, cell) for cell in chosen}
    scored = [
        paths.fill(paths.METRICS, study.study, cell, decoding=decoding)
        for cell in chosen
        for decoding in study.decodings
    ]
    asked = [place for place, path in annotated.items() if path in pending]
    quotation = Quotation(Results(Path(), study), prompts, prices)
    quotes = [quotation.of(place, "train", sizes(study, place.dataset)[0]) for place in asked]
    quotes += [quotation.of(place, "test", sizes(study, place.dataset)[1]) for place in tested or ()]
    cost = sum(quotes, NOTHING)
    training = [cell for cell, path in trained.items() if path in pending]
    needs = needs_of(study, name, training, len(asked))
    return Change(
        name,
        *_new_and_again([annotated[place] for place in asked]),
        *_new_and_again([trained[cell] for cell in training]),
        *_new_and_again([path for path in scored if path in pending]),
        cost.requests - cost.cached,
        cost.usd,
        needs.optimizer_steps,
        needs.rank_hours,
    )


def _new_and_again(files: list[str]) -> tuple[int, int]:
    again = sum(Path(path).exists() for path in files)
    return len(files) - again, again
