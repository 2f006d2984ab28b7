"""Problems: one question with its gold answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from gradus.records.vocabulary import LETTERS, AnswerKind, Split
from gradus.runtime.errors import UserError
from gradus.runtime.record import Record


@dataclass(frozen=True)
class Problem(Record):
    """One question with its gold answer.

    ``answer`` is canonical text of ``answer_kind``: a number, an option letter, ``True``/``False`` or LaTeX.
    ``choices`` are the option texts in letter order. ``solution`` is the solution graph of a generated problem.
    ``subject`` and ``difficulty`` are what the data's authors call it, where they do.
    """

    MAY_BE_ABSENT: ClassVar[frozenset[str]] = frozenset({"subject", "difficulty"})

    id: str
    dataset: str
    split: Split
    question: str
    choices: tuple[str, ...] | None
    answer: str
    answer_kind: AnswerKind
    rationale: str | None
    solution: dict[str, Any] | None
    source: str
    revision: str | None
    subject: str | None = None
    difficulty: str | None = None

    @property
    def key(self) -> str:
        return self.id

    @property
    def full_text(self) -> str:
        """Question and choices: what makes two problems the same (a bare stem may be asked with other choices)."""
        return " ".join([self.question, *(self.choices or ())])

    @property
    def question_with_choices(self) -> str:
        """The question as teachers and students read it: with its choices, in the letters that answers name."""
        if not self.choices:
            return self.question
        listed = " ".join(f"({letter}) {choice}" for letter, choice in zip(LETTERS, self.choices, strict=False))
        return f"{self.question}\nChoices: {listed}"

    def check(self) -> None:
        if not self.question.strip():
            raise UserError(f"problem {self.id!r} has an empty question")
        if not self.answer.strip():
            raise UserError(f"problem {self.id!r} has no gold answer")
