"""Processes: ranks die with their launcher, and only one of them writes a progress folder.

torchrun gives each rank a session of its own, so that killing a job's process group would leave its ranks training on, and
the next run would share their folder.
"""

from __future__ import annotations

import ctypes
import fcntl
import logging
import os
import signal
import sys
import time
from pathlib import Path
from typing import IO

log = logging.getLogger("gradus")
_SET_PARENT_DEATH_SIGNAL = 1  # linux/prctl.h


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent is gone (Linux; elsewhere nothing happens)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def own(progress: Path) -> IO[bytes]:
    """Wait until no other process writes to a progress folder; the folder is ours as long as the result is open."""
    stream = open(progress / "lock", "wb")  # noqa: SIM115 - held to the end of the process
    told = False
    while True:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not told:
                log.info("another process (see %s) is at this training; waiting for its end", progress)
                told = True
            time.sleep(0.5)
        except OSError:  # a file system without locks
            return stream
        else:
            stream.write(str(os.getpid()).encode())
            stream.flush()
            return stream
