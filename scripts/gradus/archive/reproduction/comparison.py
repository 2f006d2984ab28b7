"""Comparison: numbers of an archive beside those that were computed again; the same, within a tolerance, or different."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Outcome = Literal["same", "within tolerance", "differs"]
Row = Mapping[str, str]

# Shares; a tenth of a point is the last digit that tables show.
TOLERANCE = 0.001
# What names a statement, and what a reader believes of it. Power, p and the like follow from the same rows.
_CLAIM = ("claim", "subject", "statement")
_BELIEVED = ("verdict", "estimate", "low", "high")
# Of rounding: other versions of a library, another order of sums.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Compared:
    """One number or statement: its ``kind`` (claim, headline, table, score), what it is, how it came out, and what differs."""

    kind: str
    what: str
    outcome: Outcome
    differences: tuple[str, ...] = ()


def claims(before: str, after: str, tolerance: float = TOLERANCE, by_interval: bool = False) -> list[Compared]:
    """Two ``claims.csv``, statement by statement.

    Within tolerance: the verdict is the same, and the estimate and both ends of its interval are no more than ``tolerance``
    apart. ``by_interval``, for trainings on another machine: the verdict is the same and each estimate lies in the other's
    interval.
    """
    here, there = (_by_key(text, _CLAIM) for text in (before, after))
    found = []
    for key in dict.fromkeys([*here, *there]):
        what = ": ".join(key)
        if key not in here or key not in there:
            found.append(_one_sided("claim", what, key in here))
            continue
        old, new = here[key], there[key]
        if by_interval and old["verdict"] == new["verdict"] and _in_each_other(old, new):
            same = all(old.get(name) == new.get(name) for name in _BELIEVED)
            found.append(Compared("claim", what, "same" if same else "within tolerance"))
        else:
            found.append(_fields("claim", what, old, new, _BELIEVED, tolerance))
    return found


def headline(before: str, after: str, tolerance: float = TOLERANCE) -> list[Compared]:
    """Two ``headline.json``, number by number: every value of every student of every experiment."""
    here, there = dict(_numbers(json.loads(before))), dict(_numbers(json.loads(after)))
    found = []
    for what in dict.fromkeys([*here, *there]):
        if what not in here or what not in there:
            found.append(_one_sided("headline", what, what in here))
        else:
            outcome, words = _values(here[what], there[what], tolerance)
            found.append(Compared("headline", what, outcome, (words,) if words else ()))
    return found


def table(name: str, before: str, after: str, tolerance: float = TOLERANCE) -> list[Compared]:
    """Two tables, row by row; a row is named by its columns that are no fractions, where those tell all rows apart."""
    old, new = (list(csv.DictReader(io.StringIO(text))) for text in (before, after))
    if len(old) != len(new):
        return [Compared("table", name, "differs", (f"{len(old)} rows are now {len(new)}",))]
    found = []
    for number, (first, second) in enumerate(zip(old, new, strict=True), 1):
        columns = [column for column in first if column in second]
        words = [value for value in first.values() if value and not _is_number(value)]
        what = f"{name}, row {number}" + (f" ({' '.join(words[:5])})" if words else "")
        found.append(_fields("table", what, first, second, columns, tolerance))
    return found


def score(name: str, before: str, after: str, tolerance: float = TOLERANCE) -> Compared:
    """Two metric files of one cell: their accuracies and counts."""
    old, new = ({key: _text(value) for key, value in json.loads(text).items()} for text in (before, after))
    return _fields("score", name, old, new, [key for key in old if key in new], tolerance)


def _by_key(text: str, names: Sequence[str]) -> dict[tuple[str, ...], Row]:
    return {tuple(row[name] for name in names): row for row in csv.DictReader(io.StringIO(text))}


def _in_each_other(old: Row, new: Row) -> bool:
    return all(
        float(bounds["low"]) <= float(value["estimate"]) <= float(bounds["high"])
        for bounds, value in ((old, new), (new, old))
    )


def _fields(kind: str, what: str, old: Row, new: Row, names: Iterable[str], tolerance: float) -> Compared:
    outcomes, words = set(), []
    for name in names:
        outcome, difference = _values(old.get(name, ""), new.get(name, ""), tolerance)
        outcomes.add(outcome)
        if outcome == "differs":
            words.append(f"{name} {difference}")
    for outcome in ("differs", "within tolerance"):
        if outcome in outcomes:
            return Compared(kind, what, outcome, tuple(words))
    return Compared(kind, what, "same")


def _values(old: str, new: str, tolerance: float) -> tuple[Outcome, str]:
    """How two values compare as texts or, where both are numbers, by their distance; with what to say of a difference."""
    if old == new:
        return "same", ""
    if _is_number(old) and _is_number(new):
        first, second = float(old), float(new)
        if math.isclose(first, second, rel_tol=_ROUNDING, abs_tol=_ROUNDING):
            return "same", ""
        if abs(first - second) <= tolerance:
            return "within tolerance", ""
    return "differs", f"{old or 'nothing'} -> {new or 'nothing'}"


def _numbers(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each value of each entry under a name that tells experiment, student and dataset."""
    for entry in facts.get("students", ()):
        subject = f"{entry['experiment']}, {entry['student']} on {entry['dataset']}"
        for name, value in entry.items():
            if name in ("experiment", "student", "dataset"):
                continue
            parts = enumerate(value) if isinstance(value, list) else [(None, value)]
            for number, part in parts:
                label = name if number is None else f"{name}[{number}]"
                yield f"{subject}: {label}", _text(part)


def _one_sided(kind: str, what: str, archived: bool) -> Compared:
    words = "was archived and is not made now" if archived else "is made now and was not archived"
    return Compared(kind, what, "differs", (words,))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
