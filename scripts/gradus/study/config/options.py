"""Options: a section of the study file as a program's option, checked by the same types as the file itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import TypeAdapter, ValidationError

from gradus.runtime.errors import UserError, UserErrors
from gradus.study.config.explanation import explain


def section_option(name: str, section: Any) -> Callable[[str], Any]:
    """An argparse type that reads JSON into ``section``: a model of ``study.config``, or a union of them.

    UserError names the option, the key and what is accepted there; nothing has been done by then.
    """

    def read(text: str) -> Any:
        return read_section(text, section, f"option {name}")

    return read


def read_section(text: str, section: Any, where: str) -> Any:
    """A section from its JSON text, as the study file's own check reads it; UserError says what does not fit."""
    try:
        return TypeAdapter(section).validate_json(text)
    except ValidationError as error:
        try:
            raw = TypeAdapter(Any).validate_json(text)
        except ValidationError:
            raise UserError("is not valid JSON", where=where, hint=f"found {text[:60]!r}") from None
        explained = explain(error, raw, section)
        if isinstance(explained, UserErrors):
            explained = explained.found[0]
        key = str(explained.where).removeprefix("configuration key ")
        raise UserError(explained.what, where=f"{where}, key {key}" if key else where, hint=explained.hint) from None
