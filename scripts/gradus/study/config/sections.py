"""What all sections of a study file share."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from gradus.runtime.errors import UserError

Policy = Literal["keep", "retry", "drop", "answer-only"]


class Section(BaseModel):
    """Base of all sections: no unknown key, no silent conversion, no change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def known(values: list[str], accepted: tuple[str, ...], what: str) -> list[str]:
    for value in values:
        if value not in accepted:
            raise ValueError(f"unknown {what} {value!r}; accepted: {', '.join(accepted)}")
    return values


def must_exist(name: str, accepted: Any, key: str) -> None:
    if name not in accepted:
        raise UserError(
            f"unknown name {name!r}", where=f"configuration key {key}", hint=f"accepted: {', '.join(accepted)}"
        )
