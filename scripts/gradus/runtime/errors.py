"""Errors that are the user's to mend: what is wrong, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class UserError(Exception):
    """A mistake in what the user gave us; printed as one message, never as a traceback.

    ``where`` names the file (and line) or the configuration key; ``hint`` says what to do.
    """

    def __init__(
        self, what: str, *, where: str | Path | None = None, line: int | None = None, hint: str | None = None
    ) -> None:
        prefix = "" if where is None else f"{where}:{line}: " if line is not None else f"{where}: "
        super().__init__(f"{prefix}{what}" + (f" ({hint})" if hint else ""))
        self.what, self.where, self.line, self.hint = what, where, line, hint


def json_fault(error: ValueError | RecursionError) -> str:
    """What is wrong with a text that ``json`` cannot read."""
    if isinstance(error, RecursionError):
        return "no JSON that can be read: lists within lists without end"
    return f"not valid JSON: {error}"


class UserErrors(UserError):
    """Several mistakes that one look has found: a line each."""

    def __init__(self, found: Sequence[UserError]) -> None:
        super().__init__("\nerror: ".join(dict.fromkeys(str(one) for one in found)))
        self.found = found


class Mistakes:
    """Collects mistakes, so that all are reported at once: ``with mistakes: check(...)``, then ``mistakes.report()``."""

    def __init__(self) -> None:
        self.found: list[UserError] = []

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, UserError):
            return False
        self.found += error.found if isinstance(error, UserErrors) else [error]
        return True

    def report(self) -> None:
        """Raise what was collected as one UserError; nothing where there is none."""
        if len(self.found) == 1:
            raise self.found[0]
        if self.found:
            raise UserErrors(self.found)
