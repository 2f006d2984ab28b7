"""Columns: which field of a plain row holds what, by the caller's word or by the names that people use."""

from __future__ import annotations

from dataclasses import dataclass, fields

from gradus.evaluation.formats.files import Row
from gradus.runtime.errors import UserError

LINE = "line"  # as the name of the id's column: problems are numbered by their rows


@dataclass(frozen=True)
class Columns:
    """The field that holds each part of a row; None: one of the usual names, where the row has it.

    ``cluster`` has no usual name, and is looked for in the files of every program: in a row, its document or its metadata.
    """

    id: str | None = None
    text: str | None = None
    question: str | None = None
    choices: str | None = None
    gold: str | None = None
    score: str | None = None
    sample: str | None = None
    task: str | None = None
    cluster: str | None = None


USUAL_NAMES = Columns()


def read_columns(text: str) -> Columns:
    """``id=qid,text=said`` as columns; UserError for what is none of the parts."""
    parts = [field.name for field in fields(Columns)]
    found: dict[str, str] = {}
    for one in text.split(","):
        part, sign, name = one.partition("=")
        if not sign or part.strip() not in parts or not name.strip():
            hint = f"write PART=NAME,..., with a part of {', '.join(parts)}"
            raise UserError(f"no column {one.strip()!r}", hint=hint)
        found[part.strip()] = name.strip()
    return Columns(**found)


USUAL: dict[str, tuple[str, ...]] = {
    "id": ("id", "problem_id", "question_id", "qid", "unique_id", "ID", "uid", "idx", "index"),
    "text": ("text", "prediction", "output", "response", "generation", "completion", "model_output", "generated_text"),
    "question": ("question", "problem", "prompt", "input", "instruction", "question_stem", "Question"),
    "choices": ("choices", "options"),
    "gold": (
        "gold",
        "answer",
        "target",
        "expected_answer",
        "reference",
        "label",
        "answerKey",
        "Answer",
        "correct",
        "solution",
    ),
    "score": ("score", "is_correct", "correct", "acc", "accuracy", "exact_match"),
    "sample": ("sample", "epoch", "repeat"),
    "task": ("task", "dataset"),
    "cluster": (),
}


def resolved(columns: Columns, row: Row, where: str) -> dict[str, str]:
    """The field for each part that a row has, from a file's first row.

    Raises UserError where a named field is not there.
    """
    found: dict[str, str] = {}
    for field in fields(Columns):
        part, named = field.name, getattr(columns, field.name)
        if named is not None and named != LINE and named not in row:
            raise UserError(f"no column {named!r}", where=where, hint=f"there are {_listed(row)}")
        name = named or next((name for name in USUAL[part] if name in row), None)
        if name is not None:
            found[part] = name
    if columns.gold is None and columns.score is None and found.get("gold") == found.get("score"):
        # ``correct`` is a verdict, but in AQuA's own rows it is the letter.
        drop = (
            "score"
            if isinstance(row.get("correct"), str) and row["correct"].strip().lower() not in _VERDICTS
            else "gold"
        )
        found.pop(drop, None)
    return found


def _listed(row: Row) -> str:
    return ", ".join(map(str, row)) or "none"


_VERDICTS = ("true", "false", "0", "1", "0.0", "1.0", "")
