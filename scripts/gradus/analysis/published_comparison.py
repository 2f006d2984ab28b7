"""Comparison with a paper: the accuracies of a study, the printed ones, and their differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gradus.analysis.evidence import Evidence
from gradus.analysis.published import Printed, accuracies
from gradus.records import Supervision
from gradus.statistics.contrasts import Contrast, combined, contrast
from gradus.statistics.measurements import Measurement, SeedVariance, pooled_seed_variance

# Where a paper prints an accuracy several times, the first of these counts: three runs before one.
TABLES = ("Table 10", "Table 3", "Table 2", "Figure 13")


@dataclass(frozen=True)
class PublishedComparison:
    """One accuracy here and printed; ``difference`` is here minus printed."""

    supervision: Supervision
    student: str
    here: Measurement
    printed: Measurement
    table: str
    difference: Contrast


def compare_with_published(evidence: Evidence, printed: Sequence[Printed]) -> list[PublishedComparison]:
    """Every cell of a study that a paper prints too, by the names of studies/paper.yaml; ``released-`` teachers are the paper's.

    The two are independent: other runs, perhaps other test problems. Each brings its own uncertainty: of seeds where there are
    several runs, of problems where there are item rows or one run.
    """
    known = _known(printed)
    seeds = printed_seeds(printed)
    found = []
    for (supervision, student), here in evidence.students.items():
        named = as_printed(supervision)
        if (named, student) in known:
            table, there = known[named, student]
            mine = contrast([(1.0, here)], evidence.seeds(supervision.dataset, student))
            difference = difference_to_printed(mine, there, seeds[supervision.dataset, student])
            found.append(PublishedComparison(supervision, student, here, there, table, difference))
    return found


def as_printed(supervision: Supervision) -> Supervision:
    """A supervision by the names of studies/paper.yaml, in which the paper's numbers are written down."""
    return replace(supervision, teacher=supervision.teacher.removeprefix("released-"))


def difference_to_printed(here: Contrast, printed: Measurement, seeds: SeedVariance | None = None) -> Contrast:
    """An estimate here minus a printed one; ``seeds`` is the printed one's variance over runs, its own where none is given."""
    there = contrast([(1.0, printed)], seeds or pooled_seed_variance([printed]))
    return combined([(1.0, here), (-1.0, there)])


def _known(printed: Sequence[Printed]) -> dict[tuple[Supervision, str], tuple[str, Measurement]]:
    known: dict[tuple[Supervision, str], tuple[str, Measurement]] = {}
    for table in TABLES:
        for key, one in accuracies(printed, table).items():
            known.setdefault(key, (table, one))
    return known


def printed_seeds(printed: Sequence[Printed]) -> dict[tuple[str, str], SeedVariance]:
    """The variance over runs of every dataset and student, pooled over what is printed of them."""
    grouped: dict[tuple[str, str], list[Measurement]] = {}
    for (supervision, student), (_, one) in _known(printed).items():
        grouped.setdefault((supervision.dataset, student), []).append(one)
    return {key: pooled_seed_variance(mine) for key, mine in grouped.items()}
