"""How a study file names a student's prompt template: by name, as a file or as texts."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from gradus.study.config.sections import Section


class TemplateFile(Section):
    """Your own chat template: Jinja, as transformers renders it."""

    file: str = Field(description="The file, relative to the working folder.")


class TemplateTexts(Section):
    """Your own template as its texts; a tokenizer's own first token (Llama, Gemma) is put before them."""

    before: str = Field(description="Text before a question.")
    after: str = Field(description="Text after it; the answer follows.")
    lead: str = Field("", description="Text that begins an answer, a blank say; it is learned.")
    end: str | None = Field(None, description="Token that ends an answer; unset: the tokenizer's end of a sequence.")


def _kind_of_template(value: Any) -> str:
    if isinstance(value, TemplateFile) or (isinstance(value, dict) and "file" in value):
        return "(file)"
    return "(texts)" if isinstance(value, dict | TemplateTexts) else "(name)"


StudentTemplate = Annotated[
    Annotated[Literal["plain", "alpaca", "gemma", "llama3", "chat"], Tag("(name)")]
    | Annotated[TemplateFile, Tag("(file)")]
    | Annotated[TemplateTexts, Tag("(texts)")],
    Discriminator(_kind_of_template),
]
