"""Claims: one writer for each piece of progress, on one machine and over a whole cluster.

A second job for the same work appears where Snakemake was killed while its jobs ran on, where a scheduler starts a job again
because it lost a node that still computes, and where two students of a study are the same. The claim is a small file beside
the progress: locked, naming its holder, and touched every few seconds. Who finds one asks, in this order: does its lock hold
(decides on one machine), does SLURM run its job, does it still beat.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gradus.runtime.atomic import canonical_json
from gradus.runtime.errors import UserError
from gradus.runtime.slurm import is_running

log = logging.getLogger("gradus")

BEAT = 10.0  # seconds between two signs of life
SILENCE = 45.0  # seconds without one, after which a holder is dead that nobody else can tell of
PATIENCE = 1800.0  # seconds that a job waits for another's end with its own nodes idle
POLL = 0.5


@contextlib.contextmanager
def claimed(progress: Path, what: str) -> Iterator[None]:
    """Hold the claim to ``progress`` for a block; waits for another holder's end.

    Raises UserError if that takes longer than ``GRADUS_CLAIM_WAIT`` seconds (default: half an hour). A holder whose claim
    was taken (it was thought dead) ends at once, and its children with it.
    """
    path = progress.with_name(f"{progress.name}.claim")
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = _take(path, what)
    over = threading.Event()
    beat = threading.Thread(target=_beat, args=(path, over), daemon=True)
    beat.start()
    try:
        yield
    finally:
        over.set()
        beat.join()
        if _is_file(path, os.fstat(descriptor)) and _holder(descriptor) == _self():
            with contextlib.suppress(OSError):
                path.unlink()
        os.close(descriptor)


def _take(path: Path, what: str) -> int:
    """The open, locked claim with our name in it."""
    end = time.monotonic() + patience()
    seen = Pulse()
    told = False
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        locked = _lock(descriptor)
        if not _is_file(path, os.fstat(descriptor)):  # its holder has just put it away
            os.close(descriptor)
            continue
        holder = _holder(descriptor)
        if locked is not False and not (holder and _lives(holder, locked is not None, seen, path)):
            os.truncate(descriptor, 0)
            os.pwrite(descriptor, canonical_json(_self()).encode(), 0)
            os.fsync(descriptor)
            return descriptor
        os.close(descriptor)
        name = f"SLURM job {holder['job']}" if holder.get("job") else f"process {holder.get('process', '?')}"
        if not told:
            log.info("%s: %s is at this already; waiting for its end", what, name)
            told = True
        if time.monotonic() > end:
            raise UserError(
                f"{name} is still at this",
                where=what,
                hint=f"run again when it has ended, or end it; its claim is {path}",
            )
        time.sleep(POLL)


class Pulse:
    """Signs of life of a claim as this process sees them: the clocks of two machines are never compared."""

    def __init__(self) -> None:
        self._last: Any = None
        self._since = time.monotonic()

    def silent_seconds(self, path: Path) -> float:
        """How long the claim has not been touched, at least."""
        try:
            now: Any = (path.stat().st_mtime_ns, path.stat().st_ino)
        except OSError:
            now = None
        if now != self._last:
            self._last, self._since = now, time.monotonic()
        return time.monotonic() - self._since


def _lives(holder: dict[str, Any], lockable: bool, seen: Pulse, path: Path) -> bool:
    """Whether the holder named in a claim, whose lock is free as far as this machine knows, may still be at work."""
    silent = seen.silent_seconds(path) > SILENCE
    if holder.get("machine") == machine():
        return not lockable and not silent
    job = holder.get("job")
    if job and job != os.environ.get("SLURM_JOB_ID"):
        runs = is_running(job)
        return True if runs is None else runs
    return not silent  # the same job, started again elsewhere, or no job at all


def patience() -> float:
    """Seconds that a job waits for another's end."""
    return float(os.environ.get("GRADUS_CLAIM_WAIT") or PATIENCE)


def machine() -> str:
    """What tells machines apart: the number of this boot (host names repeat in containers)."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return os.uname().nodename


def _self() -> dict[str, Any]:
    host, job = os.uname().nodename, os.environ.get("SLURM_JOB_ID")
    return {"machine": machine(), "host": host, "process": os.getpid(), "job": job}


def _lock(descriptor: int) -> bool | None:
    """Whether the lock is ours now; None where the file system knows no locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _holder(descriptor: int) -> dict[str, Any]:
    try:
        found = json.loads(os.pread(descriptor, 4096, 0) or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _is_file(path: Path, facts: os.stat_result) -> bool:
    """Whether ``path`` is still the file that was opened."""
    try:
        now = path.stat()
    except OSError:
        return False
    return (now.st_dev, now.st_ino) == (facts.st_dev, facts.st_ino)


def _beat(path: Path, over: threading.Event) -> None:
    """Touch the claim until all is over; end this process if somebody else holds it."""
    mine = _self()
    while not over.wait(BEAT):
        try:
            holder = json.loads(path.read_text(encoding="utf-8"))
            os.utime(path)
        except (OSError, ValueError):
            continue  # a file system that is away, read-only or full is no other holder
        if holder != mine:
            log.error("error: %s was taken by %s, which thought this process dead; ending", path, holder)
            os._exit(1)
