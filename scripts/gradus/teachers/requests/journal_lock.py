"""The journal lock: one process at a time fetches answers into a journal."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO

from gradus.runtime.errors import UserError
from gradus.runtime.program import log


@contextlib.contextmanager
def journal_lock(folder: Path) -> Iterator[Callable[[], contextlib.AbstractContextManager[None]]]:
    """Wait until no other process fetches into this journal: two would pay twice, and overrun limits and budget.

    In a block of what it yields the lock is let go: others fetch while this process waits for its provider.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "ab") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.info("waiting: another process annotates with this teacher (%s)", folder)
            fcntl.flock(stream, fcntl.LOCK_EX)
        except OSError as error:
            raise UserError(
                f"the file system of this folder keeps no locks ({error.strerror or error}), and two jobs would pay twice",
                where=folder,
                hint="let the mount have locks (Lustre: -o flock), or move the journal by GRADUS_JOURNAL",
            ) from None
        yield partial(_let_go, stream)


@contextlib.contextmanager
def _let_go(stream: IO[bytes]) -> Iterator[None]:
    fcntl.flock(stream, fcntl.LOCK_UN)
    try:
        yield
    finally:
        fcntl.flock(stream, fcntl.LOCK_EX)
