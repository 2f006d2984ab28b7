"""The records that travel between stages (DESIGN: one JSON object per line; docs/outputs.md).

All are frozen; ``to_json`` and ``from_json`` are exact inverses. ``from_json`` raises ``UserError`` on a missing,
unknown or badly typed field, without a place; the reader of the file adds file and line.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import dataclass
from typing import Any, Self

from gradus.errors import UserError

ANSWER_KINDS = ("number", "choice", "boolean", "latex")
VERDICTS = ("agrees", "disagrees", "unparsable", "truncated", "refused")
FINISH_REASONS = ("stop", "length", "content_filter")


@dataclass(frozen=True)
class Record:
    """Base of all records: strict reading and writing of its own fields."""

    @property
    def key(self) -> str:
        """What must be unique within a file."""
        raise NotImplementedError

    def check(self) -> None:
        """Raise ``UserError`` if the values do not make sense together."""

    def to_json(self) -> dict[str, Any]:
        """The record as plain JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read a record; every field must be there, no other may be, and the types must match."""
        if not isinstance(value, dict):
            raise UserError(f"expected a JSON object, found {type(value).__name__}")
        hints = typing.get_type_hints(cls)
        names = [field.name for field in dataclasses.fields(cls)]
        missing = [name for name in names if name not in value]
        if missing:
            raise UserError(f"missing field {missing[0]!r}")
        unknown = sorted(set(value) - set(names))
        if unknown:
            raise UserError(f"unknown field {unknown[0]!r}", hint=f"known fields: {', '.join(names)}")
        converted = {}
        for name in names:
            if not _fits(value[name], hints[name]):
                raise UserError(f"field {name!r} has the wrong type: {type(value[name]).__name__}")
            converted[name] = tuple(value[name]) if isinstance(value[name], list) else value[name]
        record = cls(**converted)
        record.check()
        return record


def _fits(value: Any, hint: Any) -> bool:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, option) for option in typing.get_args(hint))
    if hint is type(None):
        return value is None
    if hint is Any:
        return True
    if hint is bool:
        return isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if origin is tuple:
        return isinstance(value, list | tuple) and all(_fits(item, typing.get_args(hint)[0]) for item in value)
    if origin is dict:
        return isinstance(value, dict)
    return isinstance(value, hint)


@dataclass(frozen=True)
class Problem(Record):
    """One question with its gold answer.

    ``answer`` is canonical text of ``answer_kind``: a number, an option letter, ``True``/``False`` or LaTeX.
    ``choices`` are the option texts in letter order. ``solution`` is the solution graph of a generated problem.
    """

    id: str
    dataset: str
    split: str
    question: str
    choices: tuple[str, ...] | None
    answer: str
    answer_kind: str
    rationale: str | None
    solution: dict[str, Any] | None
    source: str
    revision: str | None

    @property
    def key(self) -> str:
        return self.id

    @property
    def full_text(self) -> str:
        """Question and choices: what makes two problems the same (a bare stem may be asked with other choices)."""
        return " ".join([self.question, *(self.choices or ())])

    def check(self) -> None:
        if not self.question.strip():
            raise UserError(f"problem {self.id!r} has an empty question")
        if not self.answer.strip():
            raise UserError(f"problem {self.id!r} has no gold answer")
        if self.answer_kind not in ANSWER_KINDS:
            raise UserError(f"unknown answer_kind {self.answer_kind!r}", hint=f"one of {', '.join(ANSWER_KINDS)}")


@dataclass(frozen=True)
class Annotation(Record):
    """One rationale that a teacher wrote for one problem, with its verdict; nothing is filtered here.

    ``attempt`` counts how often a sample was drawn again for its verdict (0: the first). ``parameters`` are those that
    were really sent; what is not among them was the provider's default. ``usage`` counts tokens as the provider counts
    them, ``price_usd`` is None where no price is known.
    """

    problem_id: str
    sample: int
    attempt: int
    dataset: str
    teacher: str
    format: str
    level: str
    rationale: str
    answer: str | None
    verdict: str
    request_hash: str
    model: str
    parameters: dict[str, Any]
    finish_reason: str
    usage: dict[str, int]
    price_usd: float | None

    @property
    def key(self) -> str:
        return f"{self.problem_id}#{self.sample}#{self.attempt}"

    def check(self) -> None:
        if self.verdict not in VERDICTS:
            raise UserError(f"unknown verdict {self.verdict!r}", hint=f"one of {', '.join(VERDICTS)}")


@dataclass(frozen=True)
class Example(Record):
    """One training example: what the student reads (``prompt``) and what it learns to write (``completion``)."""

    problem_id: str
    sample: int
    prompt: str
    completion: str
    verdict: str

    @property
    def key(self) -> str:
        return f"{self.problem_id}#{self.sample}"

    def check(self) -> None:
        if not self.completion.strip():
            raise UserError(f"example {self.problem_id!r} has an empty completion")


@dataclass(frozen=True)
class Prediction(Record):
    """What a student wrote for one problem; token counts are the student's own tokens."""

    problem_id: str
    sample: int
    prompt_hash: str
    text: str
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int

    @property
    def key(self) -> str:
        return f"{self.problem_id}#{self.sample}"


@dataclass(frozen=True)
class Scored(Record):
    """One prediction with its extracted answer, whether it is correct (by our rules; ``strict``: by the paper's), and why not.

    ``failure``: ``empty``, ``no answer``, ``timeout`` (an expression that could not be compared in time), or None.
    """

    problem_id: str
    sample: int
    extracted: str | None
    correct: bool
    strict: bool
    failure: str | None
    truncated: bool

    @property
    def key(self) -> str:
        return f"{self.problem_id}#{self.sample}"
