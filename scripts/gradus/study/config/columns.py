"""How the columns of a table are read as problems: question, options, answer, rationale and id."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, field_validator, model_validator

from gradus.records.vocabulary import AnswerKind
from gradus.study.config.sections import Section

_PLACED = re.compile(r"\{[^{}]*[^{}\s][^{}]*\}")
AFTER = re.compile(r'after "(.+)"')
FORMS = ("text", "letter", "index", "number", "boolean", "boxed")
ANY_TEXT = ("text", "after", "boxed")
# What an answer's column may hold, per kind of answer (of others any text); the first is meant where `as` is left out.
FORMS_OF: dict[AnswerKind, tuple[str, ...]] = {
    "number": ("number", "text", "after", "boxed"),
    "choice": ("letter", "index", "text", "after", "boxed"),
    "boolean": ("boolean", "text", "after", "boxed"),
    "latex": ANY_TEXT,
    "text": ANY_TEXT,
}


class ChoiceColumns(Section):
    """The options of a question. Short forms: `choices: options` (one column) and `choices: [a, b, c, d]` (a column each)."""

    texts: str | None = Field(None, description="Column with the list of option texts.")
    labels: str | None = Field(
        None,
        description="Column with the list of their labels (A, B, ... or 1, 2, ...), by which the answer names one.",
    )
    fields: list[str] | None = Field(
        None, min_length=2, max_length=10, description="Instead of `texts`: a column per option, in order."
    )
    separator: str | None = Field(
        None, min_length=1, description="What stands between the options where `texts` is one text; unset: a JSON list."
    )

    @model_validator(mode="after")
    def _one_way(self) -> ChoiceColumns:
        if (self.texts is None) == (self.fields is None):
            raise ValueError("name either `texts`, the column with all options, or `fields`, a column per option")
        if self.fields is not None and (self.labels or self.separator):
            raise ValueError("`labels` and `separator` are for `texts`")
        return self


class AnswerColumn(Section):
    """The gold answer. Short form: `answer: correct`, the name of its column."""

    model_config = ConfigDict(serialize_by_alias=True)

    field: str = Field(description="Its column.")
    as_: str | None = Field(
        None,
        alias="as",
        description=f'What the column holds: {", ".join(f"`{form}`" for form in FORMS)}, or `after "MARK"` (what follows the '
        'last MARK of a text, `after "####"` say). Unset: what suits the `kind`, a letter for `choice`, else the answer itself.',
    )
    first: Literal[0, 1] = Field(0, description="The index of the first option (`as: index`).")

    @field_validator("as_")
    @classmethod
    def _known_form(cls, value: str | None) -> str | None:
        if value is not None and value not in FORMS and not AFTER.fullmatch(value):
            raise ValueError(f'accepted: {", ".join(FORMS)}, after "MARK" (in single quotes: \'after "####"\')')
        return value

    @property
    def mark(self) -> str | None:
        """What the answer follows, where it ends a longer text."""
        found = AFTER.fullmatch(self.as_ or "")
        return found[1] if found else None


def _choices(value: Any) -> Any:
    if isinstance(value, str):
        return {"texts": value}
    return {"fields": value} if isinstance(value, list | tuple) else value


def _answer(value: Any) -> Any:
    return {"field": value} if isinstance(value, str) else value


class Columns(Section):
    """The mapping alone: one row of a table to one problem."""

    question: str = Field(
        min_length=1,
        description='A column, or a text with columns in braces: `"{context} {query}"`. A dot goes into a '
        "column: `{choices.text}`.",
    )
    choices: Annotated[
        ChoiceColumns | None,
        BeforeValidator(_choices, json_schema_input_type=str | list[str] | ChoiceColumns | None),
    ] = Field(None, description="The options, for `kind: choice` (2 to 10 of them).")
    answer: Annotated[AnswerColumn, BeforeValidator(_answer, json_schema_input_type=str | AnswerColumn)] = Field(
        description="The gold answer."
    )
    kind: AnswerKind = Field(
        description="What an answer is, and so how answers are read and compared: `text` is compared without case, punctuation "
        "and articles."
    )
    rationale: str | None = Field(
        None,
        description="The authors' own rationale, for the teacher `human`: a column, or a text with columns in braces. A list is "
        "joined as sentences; of the answer's own column it is what stands before the mark.",
    )
    id: str | None = Field(None, description="A column, or a text with columns in braces; unset: numbered.")
    subject: str | None = Field(
        None,
        description="A column, or a text with columns in braces: the subject as the authors name it; the findings show "
        "accuracies by subject.",
    )
    difficulty: str | None = Field(None, description="The same for a difficulty that the authors name.")
    without_answer: Literal["skip", "refuse"] = Field(
        "refuse",
        description="Rows without an answer (empty, null, or index -1): leave them out and count them, or stop.",
    )

    @field_validator("question", "rationale", "id", "subject", "difficulty")
    @classmethod
    def _names_columns(cls, value: str | None) -> str | None:
        """Braces that are not around a column would be the same words in every row."""
        bare = (value or "").replace("{{", "").replace("}}", "")
        if ("{" in bare or "}" in bare) and (not _PLACED.search(bare) or re.search(r"[{}]", _PLACED.sub("", bare))):
            raise ValueError("expected a column, or a text with columns in braces (`{{` is a brace itself)")
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Columns:
        if (self.choices is not None) != (self.kind == "choice"):
            raise ValueError("`choices` and `kind: choice` need one another")
        form = "after" if self.answer.mark is not None else self.answer.as_
        accepted = FORMS_OF.get(self.kind, ANY_TEXT)
        if form is not None and form not in accepted:
            raise ValueError(f"`kind: {self.kind}` has answers as {', '.join(accepted)}, not as {form}")
        if self.answer.first and form != "index":
            raise ValueError("`answer.first` is for `as: index`")
        return self

    @property
    def form(self) -> str:
        """What the answer's column holds, one of ``FORMS`` or ``after``."""
        return "after" if self.answer.mark is not None else self.answer.as_ or FORMS_OF.get(self.kind, ANY_TEXT)[0]


class Splits(Section):
    """Which rows are for training and which for testing."""

    train: str = Field(
        "train", description="Split of the hub; file or folder (its name, or its beginning); value of `field`."
    )
    test: str = Field("test", description="The same for the test problems.")
    field: str | None = Field(None, description="A column that names each row's split.")
    test_share: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="Draw that share of all rows for testing, where nobody divided them; the same question twice stays on one "
        "side.",
    )
    seed: int = Field(1, description="Seed of that draw.")

    @model_validator(mode="after")
    def _one_way(self) -> Splits:
        if self.field is not None and self.test_share is not None:
            raise ValueError("choose between `field` and `test_share`")
        return self

    @property
    def divides_rows(self) -> bool:
        """Whether all rows are read for either split, and divided then."""
        return self.field is not None or self.test_share is not None
