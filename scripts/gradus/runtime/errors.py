"""Errors that are the user's to mend: what is wrong, where, and what to do about it."""

from __future__ import annotations

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
