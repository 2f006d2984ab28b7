"""Findings: what a trial has noticed, all of it in one message."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from gradus.runtime.errors import UserError

T = TypeVar("T")
_FILES = (".json", ".jinja", ".safetensors")


@dataclass
class Findings:
    """``refusals``: why the model cannot be used as asked, each with what to do; ``notes``: what is good to know."""

    refusals: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def refuse(self, what: str, advice: str) -> None:
        """The study cannot have this; ``advice`` says what to change."""
        self.refusals.append(f"{what}: {advice}")

    def note(self, what: str) -> None:
        """Good to know, and no reason to stop."""
        self.notes.append(what)

    def hear(self, attempt: Callable[[], T]) -> T | None:
        """What a step returns; where it ends in a message to the user, that becomes a refusal."""
        try:
            return attempt()
        except UserError as error:
            # The message names the folder; a file in it by its name.
            file = Path(str(error.where)).name if str(error.where).endswith(_FILES) else ""
            self.refusals.append((f"{file}: " if file else "") + error.what + (f": {error.hint}" if error.hint else ""))
            return None

    def raise_refusals(self, where: str) -> None:
        """UserError with every refusal, if there is any."""
        if self.refusals:
            lines = "".join(f"\n- {refusal}" for refusal in self.refusals)
            raise UserError(f"this model cannot be a student as the study asks{lines}", where=where)
