"""Scored counts: whether the numbers of a metric file are those of its rows, looked at wherever they are used."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gradus.records.metrics import Metrics
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_objects


@dataclass(frozen=True)
class Counts:
    """What the rows of a metric file add up to."""

    texts: int
    correct: int
    strict_correct: int
    truncated: int


def contradiction(metrics: Metrics, rows: Path) -> str | None:
    """How the rows contradict the numbers; None where they agree, or are not there."""
    if not rows.exists():
        return None
    facts = rows.stat()
    found = _counted(rows, facts.st_mtime_ns, facts.st_size)
    recorded = Counts(metrics.n * metrics.samples, metrics.correct, metrics.strict_correct, metrics.truncated)
    for name in ("texts", "correct", "strict_correct", "truncated"):
        if getattr(found, name) != getattr(recorded, name):
            return f"says {getattr(recorded, name)} {name.replace('_', ' ')}, its rows have {getattr(found, name)}"
    for name, count in (("accuracy", found.correct), ("strict_accuracy", found.strict_correct)):
        if abs(getattr(metrics, name) - count / found.texts) > 1e-9:
            shown = f"{getattr(metrics, name):.4f}"
            return f"says {name.replace('_', ' ')} {shown}, its rows have {count / found.texts:.4f}"
    return None


def refuse_other_rows(path: Path, metrics: Metrics, rows: Path) -> None:
    """UserError where the rows of a metric file contradict it."""
    found = contradiction(metrics, rows)
    if found is not None:
        raise UserError(found, where=path, hint=f"one of it and {rows.name} was changed: delete both and run again")


@cache
def _counted(rows: Path, changed: int, size: int) -> Counts:
    """The counts of a file as it was at a time; a study's numbers are asked for many times in one program."""
    found = [row for _, row in read_objects(rows)]
    try:
        kinds = {name: sum(bool(row[name]) for row in found) for name in ("correct", "strict", "truncated")}
    except (KeyError, TypeError):
        raise UserError("a row has no verdict", where=rows, hint="delete it and run again") from None
    return Counts(len(found), kinds["correct"], kinds["strict"], kinds["truncated"])
