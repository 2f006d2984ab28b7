"""OpenCompass: ``predictions/MODEL/DATASET.json``, an object of numbered predictions, by its documented schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeGuard

from gradus.evaluation.formats.files import shown
from gradus.evaluation.formats.source import Source
from gradus.evaluation.formats.values import golds_of, text_of
from gradus.records.samples import Sample
from gradus.runtime.errors import UserError


def is_predictions(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether a JSON value is one of this format."""
    if not isinstance(value, dict) or not value:
        return False
    first = next(iter(value.values()))
    return all(name.isdigit() for name in value) and isinstance(first, dict) and "prediction" in first


def samples(value: dict[str, Any], source: Source) -> Iterator[Sample]:
    """The task is the file's name, the run its folder's; several predictions of a problem are its samples."""
    for name, row in value.items():
        where = f"{shown(source.path)}, key {name!r}"
        with source.row():
            given = row.get("prediction") if isinstance(row, dict) else None
            texts = [text_of(one) for one in given] if isinstance(given, list) else [text_of(given)]
            if not texts or None in texts:
                raise UserError("no text under 'prediction'", where=where)
            for number, text in enumerate(texts):
                yield Sample(
                    run=source.run or source.folder or source.stem,
                    task=source.stem,
                    id=name,
                    sample=number,
                    question=_question(row.get("origin_prompt")),
                    golds=golds_of(row.get("gold")),
                    text=text,
                    scores={},
                    where=where,
                )


def _question(prompt: Any) -> str | None:
    """The prompt, or the last thing that a human says in it."""
    if isinstance(prompt, list):
        said = [
            one for one in prompt if isinstance(one, dict) and str(one.get("role", "")).upper() in ("HUMAN", "USER")
        ]
        return text_of(said[-1].get("prompt", said[-1].get("content"))) if said else None
    return text_of(prompt)
