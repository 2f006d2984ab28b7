"""lm-evaluation-harness: ``samples_TASK_DATE.jsonl`` of ``--log_samples`` (files of 0.4.13; by their schema, older ones).

A file has the rows of a task once per filter, with the same outputs; here an output is one sample, and the metric of a filter is
named ``METRIC,FILTER``, as the harness names it in its results (without ``,none``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from gradus.evaluation.formats.files import Row, Rows
from gradus.evaluation.formats.source import Source
from gradus.evaluation.formats.values import by_letter, choices_of, golds_of, index, optional, text_of, verdict
from gradus.records.samples import Sample
from gradus.records.vocabulary import LETTERS
from gradus.runtime.errors import UserError

_NAME = re.compile(r"samples_(.+?)_\d{4}-\d\d-\d\dT[\d.:-]+$")

_FIELDS = {
    "doc_id",
    "doc",
    "target",
    "arguments",
    "resps",
    "filtered_resps",
    "filter",
    "doc_hash",
    "prompt_hash",
    "target_hash",
}


def is_row(row: Row) -> bool:
    """Whether a row is one of this format."""
    return {"doc_id", "doc", "resps"} <= row.keys()


def samples(rows: Rows, source: Source) -> Iterator[Sample]:
    """One sample per output; scores of all filters together."""
    dated = _NAME.match(source.stem)
    task = dated[1] if dated else source.stem
    run = source.run or source.folder or task
    found: dict[tuple[str, int], Sample] = {}
    for where, row in rows:
        with source.row():
            name, scores = str(index(row, "doc_id", where)), _scores(row)
            cluster = _cluster(row, source.columns.cluster)
            for number, one in enumerate(_outputs(row, where)):
                known = found.get((name, number))
                if known is None:
                    first = replace(one, run=run, task=task, id=name, sample=number, where=where, cluster=cluster)
                    found[name, number] = replace(first, scores=scores if number == 0 else {})
                elif number == 0:
                    if repeated := scores.keys() & known.scores.keys():
                        raise UserError(
                            f"document {name} is there twice with the metric {min(repeated)!r}", where=where
                        )
                    found[name, number] = replace(known, scores={**known.scores, **scores})
    yield from found.values()


def _scores(row: Row) -> dict[str, float]:
    """By the names under ``metrics``; older files have none, and their metrics are what else is a number."""
    names = row.get(
        "metrics", [name for name, value in row.items() if name not in _FIELDS and not isinstance(value, str)]
    )
    suffix = "" if row.get("filter") in (None, "none") else f",{row['filter']}"
    given = {name: verdict(row.get(name)) for name in names if isinstance(name, str)} if isinstance(names, list) else {}
    return {f"{name}{suffix}": value for name, value in given.items() if value is not None}


def _cluster(row: Row, name: str | None) -> str | None:
    """A field of the document, or of the row."""
    doc = row["doc"] if isinstance(row["doc"], dict) else {}
    return optional({**row, **doc}, name) if name else None


def _outputs(row: Row, where: str) -> list[Sample]:
    """The outputs of a document: texts, or one without a text where options were compared by likelihood."""
    doc = row["doc"] if isinstance(row["doc"], dict) else {}
    question = optional(doc, "question", "problem", "query", "input", "prompt") or _prompt(row)
    choices, labels = choices_of(doc.get("choices", doc.get("options")), where) or (None, ())
    golds = golds_of(row.get("target"))  # several where each of them is right
    resps = row["resps"]
    if not isinstance(resps, list) or not resps or not all(isinstance(response, list) for response in resps):
        raise UserError("no outputs under 'resps'", where=where)
    texts = [text_of(response) for response in resps[0]]
    base = Sample("", "", "", 0, question, choices, tuple(by_letter(gold, labels) for gold in golds))
    if len(resps) == 1 and texts and all(text is not None for text in texts):
        return [replace(base, text=text) for text in texts]
    options = choices or _options(row)
    at = int(golds[0]) if len(golds) == 1 and golds[0].isdecimal() else len(LETTERS)
    golds = (LETTERS[at],) if options and at < min(len(options), len(LETTERS)) else base.golds
    return [replace(base, choices=options, golds=golds)]


def _prompt(row: Row) -> str | None:
    return _argument(row, "gen_args_0", "arg_0")


def _options(row: Row) -> tuple[str, ...] | None:
    """The continuations that were compared, where the document names no options."""
    arguments: Any = row.get("arguments")
    if not isinstance(arguments, dict):
        return None
    texts = [_argument(row, name, "arg_1") for name in arguments]
    return tuple(text.strip() for text in texts if text is not None) or None


def _argument(row: Row, request: str, name: str) -> str | None:
    arguments: Any = row.get("arguments")
    given = arguments.get(request) if isinstance(arguments, dict) else None
    return text_of(given.get(name)) if isinstance(given, dict) else None
