"""Ctrl-C while a program of ``scripts/`` is still being imported: its one line instead of a traceback from wherever it was."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

STOPPED = "stopped by the user; run the same command again to go on"
STATUS = 130  # as shells name a program that Ctrl-C ended
_SCRIPTS = Path(__file__).resolve().parents[2]


def end_on_interrupt() -> None:
    """Until ``interrupt_again`` Ctrl-C ends this process; nothing in processes of other programs and in those deaf to Ctrl-C."""
    program = getattr(sys.modules.get("__main__"), "__file__", None)
    if program is None or Path(program).resolve().parent != _SCRIPTS:
        return
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


def interrupt_again() -> None:
    """From here on Ctrl-C is Python's KeyboardInterrupt, for what has begun must be put away."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(number: int, frame: FrameType | None) -> NoReturn:
    # Nothing has begun, and what is half imported is no place to raise an error in: many a library catches it there.
    os.write(2, f"{STOPPED}\n".encode())
    os._exit(STATUS)
