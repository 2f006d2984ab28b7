"""In and out of domain: what taught students solve of their own and of other datasets, as one table."""

from __future__ import annotations

from collections.abc import Sequence

from gradus.analysis.transfer import TransferRow
from gradus.presentation.number import LEAKED, Number, explanations
from gradus.presentation.table import Table, csv_text

_HEADS = (
    *("dataset", "teacher", "format", "level", "student", "asked", "in_domain", "seeds", "n", "accuracy"),
    *(
        "interval_low",
        "interval_high",
        "reference",
        "gain",
        "gain_low",
        "gain_high",
        "p_holm",
        "trained_on_leaked_questions",
    ),
)


def to_csv(rows: Sequence[TransferRow]) -> str:
    """One line per condition and dataset that is asked; shares and differences of shares."""
    lines: list[list[str | float | None]] = []
    for row in rows:
        gain = row.gain.interval() if row.gain else None
        supervision = row.supervision
        line: list[str | float | None] = [
            supervision.dataset,
            supervision.teacher,
            supervision.format,
            supervision.level,
            row.student,
            row.asked,
        ]
        line += [row.in_domain, row.seeds, row.n, row.accuracy, row.low, row.high]
        line += [row.reference.short if row.reference else None]
        line += [gain.value, gain.low, gain.high] if gain else [None, None, None]
        lines.append([*line, row.p, row.leaked])
    return csv_text(_HEADS, lines)


def transfer_table(rows: Sequence[TransferRow]) -> Table:
    """Conditions as rows; for every dataset that is asked the accuracy and the gain over the untaught student."""
    asked = list(dict.fromkeys(row.asked for row in rows))
    grouped: dict[tuple[str, str, str], dict[str, TransferRow]] = {}
    for row in rows:
        grouped.setdefault((row.supervision.dataset, row.student, row.supervision.short), {})[row.asked] = row
    heads = ["taught on", "student", "supervision", *(head for name in asked for head in (name, f"{name}, gain"))]
    body = [[*names, *(cell for name in asked for cell in _cells(found.get(name)))] for names, found in grouped.items()]
    references = ", ".join(dict.fromkeys(row.reference.short for row in rows if row.reference)) or "nothing"
    return Table(
        heads,
        body,
        names=3,
        caption="Students on the test problems of their own dataset and of others",
        label="in-and-out-of-domain",
        note=(
            f"Accuracy in percent with 95 % Wilson intervals; gains in points over {references} on the same problems (paired, "
            "seeds in the model, 95 % intervals, not adjusted). An asterisk marks gains whose p, Holm-adjusted over the table, "
            "is at most 0.05; a gain of one run has no verdict." + explanations(map(_accuracy, rows))
        ),
    )


def _accuracy(row: TransferRow) -> Number:
    marks = (LEAKED,) if row.leaked else ()
    return Number(row.accuracy, row.low, row.high, n=row.n, runs=row.seeds, runs_asked=row.seeds, marks=marks)


def _cells(row: TransferRow | None) -> tuple[Number | str | None, Number | str | None]:
    if row is None:
        return None, None
    if row.gain is None:
        return _accuracy(row), ""
    gain = row.gain.interval()
    number = Number(gain.value, gain.low, gain.high, unit="points")
    return _accuracy(row), f"{number}{' *' if row.p is not None and row.p <= 0.05 else ''}"
