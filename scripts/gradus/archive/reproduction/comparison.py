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


def headline(before: str, after: str, tolerance: float = TOLERANCE, by_interval: bool = False) -> list[Compared]:
    """Two ``headline.json``, number by number: every value of every student of every experiment.

    ``by_interval``: numbers of an entry are within tolerance where its accuracies lie in each other's interval.
    """
    old, new = json.loads(before), json.loads(after)
    here, there = dict(_numbers(old)), dict(_numbers(new))
    near = _near_entries(old, new) if by_interval else set()
    found = []
    for what in dict.fromkeys([*here, *there]):
        if what not in here or what not in there:
            found.append(_one_sided("headline", what, what in here))
        else:
            outcome, words = _values(here[what], there[what], tolerance)
            if outcome == "differs" and what.partition(": ")[0] in near and _both_numbers(here[what], there[what]):
                outcome, words = "within tolerance", ""
            found.append(Compared("headline", what, outcome, (words,) if words else ()))
    return found


def table(
    name: str, before: str, after: str, tolerance: float = TOLERANCE, by_interval: bool = False
) -> list[Compared]:
    """Two tables, row by row; a row is named by its columns that are no fractions, where those tell all rows apart.

    ``by_interval``: the numbers of a row are within tolerance where its estimates lie in each other's interval, or where it
    tells no interval.
    """
    old, new = (list(csv.DictReader(io.StringIO(text))) for text in (before, after))
    if len(old) != len(new):
        return [Compared("table", name, "differs", (f"{len(old)} rows are now {len(new)}",))]
    found = []
    for number, (first, second) in enumerate(zip(old, new, strict=True), 1):
        columns = [column for column in first if column in second]
        words = [value for value in first.values() if value and not _is_number(value)]
        what = f"{name}, row {number}" + (f" ({' '.join(words[:5])})" if words else "")
        near = by_interval and _in_each_other(first, second) is not False
        found.append(_fields("table", what, first, second, columns, math.inf if near else tolerance))
    return found


def score(name: str, before: str, after: str, tolerance: float = TOLERANCE, by_interval: bool = False) -> Compared:
    """Two metric files of one cell: their accuracies and counts.

    ``by_interval``: within tolerance where each accuracy lies in the other's interval.
    """
    old, new = ({key: _text(value) for key, value in json.loads(text).items()} for text in (before, after))
    near = by_interval and old.get("n") == new.get("n") and _in_each_other(old, new)
    names = [key for key in old if key in new]
    return _fields("score", name, old, new, names, math.inf if near else tolerance)


def _by_key(text: str, names: Sequence[str]) -> dict[tuple[str, ...], Row]:
    return {tuple(row[name] for name in names): row for row in csv.DictReader(io.StringIO(text))}


# An estimate with the ends of its interval, as claims, tables and metric files name them.
_ESTIMATES = (
    ("estimate", "low", "high"),
    ("accuracy", "interval_low", "interval_high"),
    ("value", "interval_low", "interval_high"),
)


def _in_each_other(old: Row, new: Row) -> bool | None:
    """Whether each estimate lies in the other's interval; None where there is none."""
    for names in _ESTIMATES:
        sides = [tuple(row.get(name) or "" for name in names) for row in (old, new)]
        if all(_is_number(value) for side in sides for value in side):
            (first, *bounds), (second, *others) = (tuple(map(float, side)) for side in sides)
            return others[0] <= first <= others[1] and bounds[0] <= second <= bounds[1]
    return None


def _near_entries(old: Mapping[str, Any], new: Mapping[str, Any]) -> set[str]:
    """The entries of two headlines whose accuracies lie in each other's interval, by their names."""

    def rows(facts: Mapping[str, Any]) -> dict[str, Row]:
        found: dict[str, Row] = {}
        for entry in facts.get("students", ()):
            low, high = entry.get("interval") or (None, None)
            found[_entry(entry)] = {"estimate": _text(entry.get("accuracy")), "low": _text(low), "high": _text(high)}
        return found

    here, there = rows(old), rows(new)
    return {name for name in here if name in there and _in_each_other(here[name], there[name])}


def _entry(entry: Mapping[str, Any]) -> str:
    return f"{entry['experiment']}, {entry['student']} on {entry['dataset']}"


def _both_numbers(old: str, new: str) -> bool:
    return _is_number(old) and _is_number(new)


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
    if _both_numbers(old, new):
        first, second = float(old), float(new)
        if math.isclose(first, second, rel_tol=_ROUNDING, abs_tol=_ROUNDING):
            return "same", ""
        if abs(first - second) <= tolerance:
            return "within tolerance", ""
    return "differs", f"{old or 'nothing'} -> {new or 'nothing'}"


def _numbers(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each value of each entry under a name that tells experiment, student and dataset."""
    for entry in facts.get("students", ()):
        subject = _entry(entry)
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
