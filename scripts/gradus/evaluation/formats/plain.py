"""Plain rows: JSON lines, CSV or parquet with a column for each thing, under the usual names or those that the caller gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

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
    for number, (where, row) in enumerate(rows, 1):
        if found is None:
            found = resolved(source.columns, row, where)
            _usable(found, row, where)
        task = (optional(row, found["task"]) if "task" in found else None) or ""
        name = str(number) if found["id"] == LINE else named(row, found["id"], where)
        sample = index(row, found["sample"], where) if "sample" in found else seen[task, name]
        seen[task, name] += 1
        choices, labels = (
            choices_of(row.get(found["choices"]), where) or (None, ()) if "choices" in found else (None, ())
        )
        yield Sample(
            run=source.run or source.stem,
            task=task,
            id=name,
            sample=sample,
            question=optional(row, found["question"]) if "question" in found else None,
            choices=choices,
            golds=tuple(by_letter(gold, labels) for gold in golds_of(row.get(found.get("gold", "")))),
            text=named(row, found["text"], where) if "text" in found else None,
            scores=_scores(row, found.get("score"), where),
            where=where,
        )


def _usable(found: dict[str, str], row: Row, where: str) -> None:
    there = f"there are {', '.join(map(str, row)) or 'no fields'}"
    if "id" not in found:
        hint = f"{there}; name the column, or say {LINE!r} where rows are problems in order"
        raise UserError("no column with the problem's id", where=where, hint=hint)
    if "text" not in found and "score" not in found:
        raise UserError("no column with a text or a score", where=where, hint=f"{there}; name the column")


def _scores(row: Row, name: str | None, where: str) -> dict[str, float]:
    if name is None:
        return {}
    value = verdict(row.get(name))
    if value is None:
        raise UserError(f"{row.get(name)!r} under {name!r} is no score", where=where)
    return {name: value}
