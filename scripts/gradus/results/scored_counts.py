"""Scored counts: whether the numbers of a metric file are those of its rows, looked at wherever they are used."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

from gradus.records.metrics import Metrics
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_objects


@dataclass(frozen=True)
class Counts:
    """What the rows of a metric file add up to."""

    problems: int
    texts: int
    correct: int
    strict_correct: int
    truncated: int
    unparsable: int
    timeouts: int
    disagreements: int


def contradiction(metrics: Metrics, rows: Path) -> str | None:
    """How the rows contradict the numbers; None where they agree, or are not there."""
    if not rows.exists():
        return None
    facts = rows.stat()
    found = _counted(rows, facts.st_mtime_ns, facts.st_size)
    recorded = Counts(
        metrics.n,
        metrics.n * metrics.samples,
        metrics.correct,
        metrics.strict_correct,
        metrics.truncated,
        metrics.unparsable,
        metrics.timeouts,
        metrics.disagreements,
    )
    for name in (field.name for field in fields(Counts)):
        if getattr(found, name) != getattr(recorded, name):
            return f"says {getattr(recorded, name)} {name.replace('_', ' ')}, its rows have {getattr(found, name)}"
    for name, share in _shares(found).items():
        if abs(getattr(metrics, name) - share) > 1e-9:
            return f"says {name.replace('_', ' ')} {getattr(metrics, name):.4f}, its rows have {share:.4f}"
    return None


def _shares(counts: Counts) -> dict[str, float]:
    """What follows from the counts, as ``evaluation.scoring`` has it; nothing of no text."""
    if not counts.texts:
        return {}
    from gradus.statistics.intervals import wilson  # scipy, which the Snakefile need not import

    interval = wilson(round(counts.correct * counts.problems / counts.texts), counts.problems)
    return {
        "accuracy": counts.correct / counts.texts,
        "strict_accuracy": counts.strict_correct / counts.texts,
        "interval_low": interval.low,
        "interval_high": interval.high,
    }


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
        return Counts(
            problems=len({row["problem_id"] for row in found}),
            texts=len(found),
            correct=sum(bool(row["correct"]) for row in found),
            strict_correct=sum(bool(row["strict"]) for row in found),
            truncated=sum(bool(row["truncated"]) for row in found),
            unparsable=sum(row["extracted"] is None for row in found),
            timeouts=sum(row["failure"] == "timeout" for row in found),
            disagreements=sum(bool(row["strict"]) != bool(row["correct"]) for row in found),
        )
    except (KeyError, TypeError):
        raise UserError("a row has no verdict", where=rows, hint="delete it and run again") from None
