"""What a row says, whoever reads it; and what is said of a row that cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gradus.records.vocabulary import AnswerKind

Row = dict[str, Any]


@dataclass(frozen=True)
class Reading:
    """What a row says: question, option texts, canonical gold, the author's own rationale, the subject and difficulty they name.

    ``doubtful`` marks a gold answer that the row itself does not bear out.
    """

    question: str
    answer: str
    kind: AnswerKind
    choices: tuple[str, ...] | None = None
    rationale: str | None = None
    id: str | None = None
    doubtful: bool = False
    subject: str | None = None
    difficulty: str | None = None


class FieldError(ValueError):
    """A field of a row that does not fit: which, and why."""

    def __init__(self, field: str, what: str) -> None:
        super().__init__(f"field {field!r}: {what}")
        self.field, self.what = field, what


class MissingField(FieldError):
    """A column that a row does not have; ``what`` tells those that it has."""

    def __str__(self) -> str:
        return f"no field {self.field!r} ({self.what})"


Reader = Callable[[Row], Reading | None]
