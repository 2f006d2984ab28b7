"""Gradus' own files: predictions, scored rows of a cell, and the rows of ``score.py``."""

from __future__ import annotations

from collections.abc import Iterator

from gradus.evaluation.formats.files import Row, Rows
from gradus.evaluation.formats.source import Source
from gradus.evaluation.formats.values import golds_of, index, named, optional, verdict
from gradus.records.samples import Sample
from gradus.runtime.errors import UserError


def is_row(row: Row) -> bool:
    """Whether a row is a prediction, a scored row, or a row of ``score.py``."""
    return {"problem_id", "sample"} <= row.keys() or {"id", "strict", "robust"} <= row.keys()


def samples(rows: Rows, source: Source) -> Iterator[Sample]:
    """Scores are named ``robust`` (first) and ``strict``."""
    for where, row in rows:
        with source.row():
            name = "problem_id" if "problem_id" in row else "id"
            scores = {"robust": verdict(row.get("robust", row.get("correct"))), "strict": verdict(row.get("strict"))}
            if scores["robust"] is None and "text" not in row:
                raise UserError("neither a text nor a verdict under 'robust' or 'correct'", where=where)
            choices = row.get("choices")
            yield Sample(
                run=optional(row, "run") or source.run or source.stem,
                task=optional(row, "task") or "",
                id=named(row, name, where),
                sample=index(row, "sample", where) if "sample" in row else 0,
                question=optional(row, "question"),
                choices=tuple(map(str, choices)) if isinstance(choices, list) else None,
                golds=golds_of(row.get("gold")),
                text=optional(row, "text"),
                scores={metric: value for metric, value in scores.items() if value is not None},
                where=where,
                cluster=optional(row, source.columns.cluster) if source.columns.cluster else None,
            )
