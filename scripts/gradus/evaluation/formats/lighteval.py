"""lighteval's details: ``details_TASK_DATE.parquet``, by its documented schema.

Since 0.10 a row has ``doc``, ``model_response`` and ``metric``; before, it had ``full_prompt``, ``predictions``, ``gold`` and
``metrics``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from gradus.evaluation.formats.files import Row, Rows
from gradus.evaluation.formats.source import Source
from gradus.evaluation.formats.values import choices_of, golds_of, optional, text_of, verdict
from gradus.records.samples import Sample
from gradus.records.vocabulary import LETTERS
from gradus.runtime.errors import UserError

_NAME = re.compile(r"details_(.+)_\d{4}-\d\d-\d\dT[\d.:-]+$")


def is_row(row: Row) -> bool:
    """Whether a row is one of this format, of either age."""
    return (
        set(_parts(row)) >= {"doc", "model_response", "metric"}
        or {"full_prompt", "predictions", "metrics"} <= row.keys()
    )


def samples(rows: Rows, source: Source) -> Iterator[Sample]:
    """One sample per output; the metrics of a problem stand with its first."""
    dated = _NAME.match(source.stem)
    folders = PurePath(source.path).parts[:-1]
    run = source.run or (folders[-2] if dated and len(folders) > 1 else source.stem)
    for number, (where, row) in enumerate(rows):
        with source.row():
            base, texts, metrics = _new(_parts(row), where) if "predictions" not in row else _old(row, where)
            task = base.task or (dated[1] if dated else source.stem)
            given = {name: verdict(value) for name, value in metrics.items()} if isinstance(metrics, dict) else {}
            scores = {name: value for name, value in given.items() if value is not None}
            common = replace(base, run=run, task=task, id=base.id or str(number), where=where)
            for sample, text in enumerate(texts or [None]):
                yield replace(common, sample=sample, text=text, scores=scores if sample == 0 else {})


def _parts(row: Row) -> Row:
    """The row under the names without underscores, which the documentation prints around them."""
    return {name.strip("_"): value for name, value in row.items()}


def _new(row: Row, where: str) -> tuple[Sample, list[str | None], Any]:
    doc, response = _object(row["doc"], "doc", where), _object(row["model_response"], "model_response", where)
    choices, golds = _options(doc, where)
    question = optional(doc, "original_query", "query")
    base = Sample("", optional(doc, "task_name") or "", optional(doc, "id") or "", 0, question, choices, golds)
    return base, _texts(response.get("text")), row["metric"]


def _old(row: Row, where: str) -> tuple[Sample, list[str | None], Any]:
    choices, golds = _options(row, where)
    base = Sample(
        "", "", "", 0, optional(row, "example", "full_prompt"), choices, golds or golds_of(_read(row.get("gold")))
    )
    return base, _texts(_read(row["predictions"])), _read(row["metrics"])


def _options(doc: Row, where: str) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """Options and gold letters; the one choice of a task that generates is its gold answer."""
    given, at = _read(doc.get("choices")), _read(doc.get("gold_index"))
    indices = [index for index in (at if isinstance(at, list) else [at]) if isinstance(index, int) and index >= 0]
    if not isinstance(given, list) or not given:
        return None, ()
    if len(given) == len(indices) or len(given) > len(LETTERS):
        return None, golds_of([given[index] for index in indices if index < len(given)])
    choices, _ = choices_of([text.strip() if isinstance(text, str) else text for text in given], where) or (None, ())
    return choices, tuple(LETTERS[index] for index in indices if index < len(given))


def _texts(given: Any) -> list[str | None]:
    values = given if isinstance(given, list) else [given]
    return [text for value in values if (text := text_of(value)) is not None]


def _object(value: Any, name: str, where: str) -> Row:
    value = _read(value)
    if not isinstance(value, dict):
        raise UserError(f"no object under {name!r}", where=where)
    return value


def _read(value: Any) -> Any:
    """Lists and objects that an older version wrote as text."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value
