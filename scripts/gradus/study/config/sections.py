"""What all sections of a study file share."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, ClassVar, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator, model_validator

from gradus.runtime.errors import UserError
from gradus.study.config.advice import brackets

Policy = Literal["keep", "retry", "drop", "answer-only"]


class Section(BaseModel):
    """Base of all sections: no unknown key, no silent conversion, no change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False, defer_build=True)
    words_of_commands: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _one_is_a_list_of_one(cls, given: Any) -> Any:
        """``seeds: 1`` is ``[1]``, wherever a list of plain values is asked for and nothing else is accepted."""
        if not isinstance(given, dict):
            return given
        lists = {name for name, field in cls.model_fields.items() if _is_plain_list(field.annotation)}
        return {
            key: [value] if key in lists and isinstance(value, str | int | float) else value
            for key, value in given.items()
        }

    @field_validator("*", mode="after")
    @classmethod
    def _names_nothing_twice(cls, value: Any, info: ValidationInfo) -> Any:
        """A list of plain values is a choice among them; the words of a command may come again."""
        if isinstance(value, list) and info.field_name not in cls.words_of_commands:
            plain = [(type(one), one) for one in value if isinstance(one, str | int | float)]
            twice = [one for position, (_, one) in enumerate(plain) if plain[position] in plain[:position]]
            if twice:
                raise ValueError(f"names {twice[0]!r} twice: leave one out")
        return value


def _is_plain_list(annotation: Any) -> bool:
    """Whether a field takes a list of numbers or texts, or nothing."""
    choices = [one for one in (get_args(annotation) or (annotation,)) if one is not type(None)]
    if get_origin(annotation) is list:
        choices = [annotation]
    return all(get_origin(one) is list and not isinstance(get_args(one)[0], type(Section)) for one in choices)


def known(values: list[str], accepted: tuple[str, ...], what: str) -> list[str]:
    for value in values:
        if value not in accepted:
            raise ValueError(
                f"unknown {what} {value!r}; {brackets(value, accepted) or did_you_mean(value, accepted)}"
                f"accepted: {', '.join(accepted)}"
            )
    return values


def must_exist(name: str, accepted: Any, key: str) -> None:
    if name not in accepted:
        there = list(accepted)
        hint = f"{brackets(name, there) or did_you_mean(name, there)}accepted: {', '.join(there)}"
        raise UserError(f"unknown name {name!r}", where=f"configuration key {key}", hint=hint)


def nearest(name: str, accepted: Iterable[str]) -> str | None:
    """The accepted name that is spelled most like ``name``; None where none is."""
    return next(iter(get_close_matches(name, list(accepted), 1)), None)


def did_you_mean(name: str, accepted: Iterable[str]) -> str:
    """The beginning of a hint; nothing where no accepted name is near."""
    found = nearest(name, accepted)
    return "" if found is None else f"did you mean {found}? "
