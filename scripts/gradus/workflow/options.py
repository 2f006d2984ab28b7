"""What a rule passes on to its program: sections of the study as JSON, and options that only some jobs need."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from pydantic import BaseModel

from gradus.runtime.atomic import canonical_json


def as_json(value: BaseModel | dict[str, object]) -> str:
    """A section as one canonical JSON text, which Snakemake compares: the same values give the same bytes."""
    return canonical_json(value.model_dump() if isinstance(value, BaseModel) else value)


def options(**named: str | Sequence[str]) -> str:
    """Command-line options, quoted for the shell; those with an empty value are left out."""
    parts = []
    for name, value in named.items():
        values = [value] if isinstance(value, str) else list(value)
        if any(values):
            parts += [f"--{name.replace('_', '-')}", *map(shlex.quote, values)]
    return " ".join(parts)
