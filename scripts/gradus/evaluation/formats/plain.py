"""Plain rows: JSON lines, CSV or parquet with a column for each thing, under the usual names or those that the caller gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TypedDict

from gradus.evaluation.formats.columns import LINE, resolved
from gradus.evaluation.formats.files import Row, Rows
from gradus.evaluation.formats.source import Source
from gradus.evaluation.formats.values import by_letter, choices_of, golds_of, index, named, optional, verdict
from gradus.records.samples import Sample
from gradus.runtime.errors import UserError


def samples(rows: Rows, source: Source) -> Iterator[Sample]:
    """The columns are those of the first row; several rows of one id without a column for it are its samples in order."""
    found: dict[str, str] | None = None
    seen: Counter[tuple[str, str]] = Counter()
    run = source.run or source.stem
    for number, (where, row) in enumerate(rows, 1):
        if found is None:
            found = resolved(source.columns, row, where)
            _need(found, row, where, ("text", "score"), "a text or a score")
        with source.row():
            problem = _problem(row, found, number, where)
            key = problem["task"], problem["id"]
            sample = index(row, found["sample"], where) if "sample" in found else seen[key]
            text = named(row, found["text"], where) if "text" in found else None
            scores = _scores(row, found.get("score"), where)
            seen[key] += 1
            yield Sample(run=run, sample=sample, text=text, scores=scores, **problem)


def problems(rows: Rows, source: Source) -> Iterator[Sample]:
    """Rows without outputs: id, gold answer, and question and options where there are any."""
    found: dict[str, str] | None = None
    for number, (where, row) in enumerate(rows, 1):
        if found is None:
            found = resolved(source.columns, row, where)
            _need(found, row, where, ("gold",), "a gold answer")
        with source.row():
            yield Sample(run="", sample=0, **_problem(row, found, number, where))


class _Problem(TypedDict):
    """What a row says of its problem."""

    task: str
    id: str
    question: str | None
    choices: tuple[str, ...] | None
    golds: tuple[str, ...]
    where: str
    cluster: str | None


def _problem(row: Row, found: dict[str, str], number: int, where: str) -> _Problem:
    choices, labels = choices_of(row.get(found["choices"]), where) or (None, ()) if "choices" in found else (None, ())
    return _Problem(
        task=(optional(row, found["task"]) if "task" in found else None) or "",
        id=str(number) if found["id"] == LINE else named(row, found["id"], where),
        question=optional(row, found["question"]) if "question" in found else None,
        choices=choices,
        golds=tuple(by_letter(gold, labels) for gold in golds_of(row.get(found.get("gold", "")))),
        where=where,
        cluster=optional(row, found["cluster"]) if "cluster" in found else None,
    )


def _need(found: dict[str, str], row: Row, where: str, parts: tuple[str, ...], what: str) -> None:
    there = f"there are {', '.join(map(str, row)) or 'no fields'}"
    if "id" not in found:
        hint = f"{there}; name the column, or say id={LINE} where rows are problems in order"
        raise UserError("no column with the problem's id", where=where, hint=hint)
    if not found.keys() & set(parts):
        raise UserError(f"no column with {what}", where=where, hint=f"{there}; name the column")


def _scores(row: Row, name: str | None, where: str) -> dict[str, float]:
    if name is None:
        return {}
    value = verdict(row.get(name))
    if value is None:
        raise UserError(f"{row.get(name)!r} under {name!r} is no score", where=where)
    return {name: value}
