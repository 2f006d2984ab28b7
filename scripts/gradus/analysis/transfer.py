"""Transfer: what students that were taught on one dataset solve of others, and whether that is more than without the teaching."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from gradus.analysis.clusters import ProblemClusters
from gradus.analysis.item_rows import item_rows
from gradus.analysis.over_untaught import compared
from gradus.records import Cell, Supervision
from gradus.records.vocabulary import ANSWER_ONLY, UNTAUGHT
from gradus.results.store import Results
from gradus.statistics.contrasts import Contrast
from gradus.statistics.families import holm
from gradus.statistics.intervals import wilson
from gradus.statistics.measurements import Rows, pooled_seed_variance
from gradus.study import paths
from gradus.study.grid import experiment_cells, transfers

# What a taught student is compared with: the base model itself, else bare answers.
REFERENCES = (UNTAUGHT, ANSWER_ONLY)


@dataclass(frozen=True)
class TransferRow:
    """One condition on the test problems of one dataset: accuracy from 0 to 1 with its Wilson interval for ``n`` problems.

    ``gain`` is the paired difference to ``reference`` on the same problems, None where there is none; ``p`` is its two-sided p,
    Holm-adjusted over all gains of the table, None without a verdict (one run).
    """

    supervision: Supervision
    student: str
    asked: str
    seeds: int
    n: int
    accuracy: float
    low: float
    high: float
    leaked: bool
    reference: Supervision | None
    gain: Contrast | None
    p: float | None = None

    @property
    def in_domain(self) -> bool:
        """Whether it was taught on the dataset that is asked."""
        return self.asked == self.supervision.dataset


def transfer_rows(results: Results) -> list[TransferRow]:
    """Every condition of the experiments with ``transfer``, on its own test problems and on those of the others."""
    study = results.study
    chosen = [experiment for experiment in study.experiments.values() if experiment.transfer]
    asked = transfers(study, chosen)
    runs: dict[tuple[Supervision, str], list[Cell]] = {}
    for cell in dict.fromkeys(cell for experiment in chosen for cell in experiment_cells(study, experiment)):
        runs.setdefault((cell.supervision, cell.student), []).append(cell)
    known = ProblemClusters(results)
    rows: dict[tuple[Supervision, str, str], Rows] = {}
    for (supervision, student), seeds in runs.items():
        common = [name for name in asked[seeds[0]] if all(name in asked[cell] for cell in seeds)]
        for problems in (paths.TEST, *common):
            rows[supervision, student, problems] = item_rows(results, seeds, known, problems)
    found = [_row(results, key, one, runs, rows) for key, one in rows.items()]
    return _adjusted(found)


def _row(
    results: Results,
    key: tuple[Supervision, str, str],
    measured: Rows,
    runs: dict[tuple[Supervision, str], list[Cell]],
    rows: dict[tuple[Supervision, str, str], Rows],
) -> TransferRow:
    supervision, student, problems = key
    beside = [
        reference_of for reference_of, name in runs if name == student and reference_of.dataset == supervision.dataset
    ]
    reference = _reference(
        supervision, [reference_of for reference_of in beside if (reference_of, student, problems) in rows]
    )
    gain = None
    if reference is not None:
        seeds = pooled_seed_variance(
            rows[reference_of, student, problems]
            for reference_of in beside
            if (reference_of, student, problems) in rows
        )
        gain = compared((supervision, measured), (reference, rows[reference, student, problems]), seeds)
    n = measured.n or 0
    interval = wilson(round(measured.mean * n), n)
    cells = runs[supervision, student]
    leaked = any(results.metrics(cell, problems=problems).leaked_training_rows for cell in cells)
    asked = paths.split_of(supervision.dataset, problems)[0]
    size = (len(cells), n, measured.mean, interval.low, interval.high)
    return TransferRow(supervision, student, asked, *size, leaked, reference, gain)


def _reference(supervision: Supervision, beside: Iterable[Supervision]) -> Supervision | None:
    """What a supervision is compared with: the first base model that was asked (without examples, where both were), else
    answer-only; nothing for these themselves."""
    if supervision.format in REFERENCES:
        return None
    candidates = list(beside)
    found = [candidate for format_ in REFERENCES for candidate in candidates if candidate.format == format_]
    return found[0] if found else None


def _adjusted(rows: Sequence[TransferRow]) -> list[TransferRow]:
    tested = [row for row in rows if row.gain is not None and not row.gain.one_run]
    adjusted = dict(zip(map(id, tested), holm([row.gain.p for row in tested if row.gain]), strict=True))
    return [replace(row, p=adjusted.get(id(row))) for row in rows]
