"""Refusals: errors that the next try of the same training would meet again, told apart from those of a machine or a disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from safetensors import SafetensorError

from gradus.runtime.environment import installed
from gradus.students.training.job import CannotSave, Outcome, Refused

# Memory and devices may be free or whole again, files mended, other ranks back.
_TRANSIENT = (
    CannotSave,
    MemoryError,
    SafetensorError,
    torch.OutOfMemoryError,
    torch.AcceleratorError,
    torch.distributed.DistError,
)


def would_come_again(error: Exception) -> bool:
    """Whether the same training would fail in the same way; of other RuntimeErrors nobody knows."""
    if isinstance(error, OSError):
        return error.errno is None  # transformers' own, about what a model folder lacks; the system's have a number
    return not isinstance(error, (*_TRANSIENT, RuntimeError)) or isinstance(error, NotImplementedError)


@contextmanager
def refusing(what: str) -> Iterator[None]:
    """Turn what goes wrong while a model is loaded and tried out, where nothing depends on other ranks, into Refused."""
    try:
        yield
    except Refused:
        raise
    except Exception as error:
        if isinstance(error, _TRANSIENT) or (isinstance(error, OSError) and error.errno is not None):
            raise
        raise Refused(f"{what}: {type(error).__name__}: {first_line(error)}") from error


def first_line(error: Exception) -> str:
    """What an error says, without the pages that some add."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[0].strip() if lines else "no message"


def failure(message: str) -> Outcome:
    """The outcome of a training that would fail again, for as long as the same packages are installed."""
    return {"outcome": "failed", "message": message, "packages": installed()}
