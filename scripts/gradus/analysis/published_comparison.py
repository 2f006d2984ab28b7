"""Beside the paper: the accuracies of a study and the printed ones, and whether they differ by more than both are uncertain."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gradus.analysis.evidence import Evidence
from gradus.analysis.published import Printed, accuracies
from gradus.records import Supervision
from gradus.statistics.contrasts import Contrast, combined, contrast
from gradus.statistics.measurements import Measurement, SeedVariance, pooled_seed_variance

# Where a paper prints an accuracy several times, the first of these counts: three runs before one.
TABLES = ("Table 10", "Table 3", "Table 2", "Figure 13")
_COLUMNS = ("dataset", "supervision", "student", "here", "runs_here", "published", "runs_published", "table")


@dataclass(frozen=True)
class Pair:
    """One accuracy here and printed; ``gap`` is here minus printed."""

    place: Supervision
    student: str
    here: Measurement
    printed: Measurement
    table: str
    gap: Contrast

    @property
    def differs(self) -> bool:
        """Whether the 95 % interval of the difference leaves zero out."""
        interval = self.gap.interval()
        return interval.low > 0 or interval.high < 0


def beside(evidence: Evidence, printed: Sequence[Printed]) -> list[Pair]:
    """Every cell of a study that a paper prints too, by the names of studies/paper.yaml; ``released-`` teachers are the paper's.

    The two are independent: other runs, perhaps other test problems. What is known of their luck is counted for each: seeds
    where there are several runs, problems where there are item rows or one run.
    """
    known = _known(printed)
    seeds = printed_seeds(printed)
    found = []
    for (place, student), here in evidence.students.items():
        named = as_printed(place)
        if (named, student) in known:
            table, there = known[named, student]
            mine = contrast([(1.0, here)], evidence.seeds(place.dataset, student))
            found.append(Pair(place, student, here, there, table, gap(mine, there, seeds[place.dataset, student])))
    return found


def as_printed(place: Supervision) -> Supervision:
    """A supervision by the names of studies/paper.yaml, in which the paper's numbers are written down."""
    return replace(place, teacher=place.teacher.removeprefix("released-"))


def gap(here: Contrast, printed: Measurement, seeds: SeedVariance | None = None) -> Contrast:
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
    for (place, student), (_, one) in _known(printed).items():
        grouped.setdefault((place.dataset, student), []).append(one)
    return {key: pooled_seed_variance(mine) for key, mine in grouped.items()}


def pairs_csv(pairs: Sequence[Pair]) -> str:
    """One line per pair, shares between 0 and 1; the head alone where a study has nothing that was published."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*_COLUMNS, "difference", "interval_low", "interval_high", "differs"])
    for one in pairs:
        interval = one.gap.interval()
        name = one.place.short
        numbers = [f"{number:.4f}" for number in (interval.value, interval.low, interval.high)]
        here, printed = f"{one.here.mean:.4f}", f"{one.printed.mean:.4f}"
        both = [here, one.here.runs, printed, one.printed.runs, one.table]
        writer.writerow([one.place.dataset, name, one.student, *both, *numbers, str(one.differs).lower()])
    return stream.getvalue()


def pairs_markdown(pairs: Sequence[Pair]) -> str:
    """The same as a section with its summary; nothing where there is nothing to compare."""
    if not pairs:
        return ""
    apart = sum(one.differs for one in pairs)
    lines = [
        "## Beside the published numbers",
        "",
        f"{len(pairs)} accuracies are printed in the paper too; {apart} differ by more than both are uncertain (95 %, each by "
        f"itself: {0.05 * len(pairs):.1f} of them would by chance).",
        "",
        "| dataset | supervision | student | here (runs) | published (runs) | difference, 95 % interval | |",
        "|---|---|---|---:|---:|---:|---|",
    ]
    for one in pairs:
        interval = one.gap.interval()
        told = f"{100 * interval.value:+.1f} [{100 * interval.low:+.1f}, {100 * interval.high:+.1f}]"
        both = f"{100 * one.here.mean:.1f} ({one.here.runs}) | {100 * one.printed.mean:.1f} ({one.printed.runs})"
        name = one.place.short
        mark = "differs" if one.differs else ""
        lines.append(f"| {one.place.dataset} | {name} | {one.student} | {both} | {told} | {mark} |")
    return "\n".join(lines) + "\n"
