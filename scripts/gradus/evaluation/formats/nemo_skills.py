"""NeMo-Skills: ``output-rs*.jsonl`` (a file per random seed) and ``output.jsonl``, by its documented fields.

A problem is known by its ``id`` where rows have one, else by its line: all seeds answer the same input in its order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gradus.evaluation.formats.files import Row, Rows
from gradus.evaluation.formats.source import Source
from gradus.evaluation.formats.values import golds_of, named, optional, verdict
from gradus.records.samples import Sample

_SEED = re.compile(r"-rs(\d+)(?:_chunk_\d+)?$")
_VERDICTS = ("symbolic_correct", "is_correct", "judge_correct", "correct")


def is_row(row: Row) -> bool:
    """Whether a row is one of this format."""
    return "generation" in row and bool({"expected_answer", "predicted_answer"} & row.keys())


def samples(rows: Rows, source: Source) -> Iterator[Sample]:
    """The number of a sample is the random seed in the file's name."""
    seed = _SEED.search(source.stem)
    task = source.folder
    for number, (where, row) in enumerate(rows, 1):
        with source.row():
            yield Sample(
                run=source.run or (source.folder or source.stem),
                task=task,
                id=optional(row, "id", "problem_id", "unique_id") or str(number),
                sample=int(seed[1]) if seed else 0,
                question=optional(row, "problem", "question"),
                golds=golds_of(row.get("expected_answer")),
                text=named(row, "generation", where),
                scores=_scores(row),
                where=where,
            )


def _scores(row: Row) -> dict[str, float]:
    given = {name: verdict(row[name]) for name in _VERDICTS if name in row}
    judgement = row.get("judgement")
    if isinstance(judgement, str):
        said = re.findall(r"judgement:\s*(yes|no)\b", judgement, re.IGNORECASE)
        given["judgement"] = float(said[-1].lower() == "yes") if said else None
    return {name: value for name, value in given.items() if value is not None}
