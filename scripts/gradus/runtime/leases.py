"""Leases: one writer for each piece of progress, on one machine and over a whole cluster.

A second job for the same work appears where Snakemake was killed while its jobs ran on, where a scheduler starts a job again
because it lost a node that still computes, and where two students of a study are the same. The lease is a small file beside
the progress: it is locked, it names its holder, and the holder touches it every few seconds. A process that finds a lease
checks, in order: whether its lock is held (which decides on one machine), whether SLURM runs the holder's job, and whether the
file is still being touched.
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
from typing import Any, TypedDict, cast

from gradus.runtime.atomic import canonical_json, named
from gradus.runtime.environment import lease_wait
from gradus.runtime.errors import UserError
from gradus.runtime.private_folders import make_private
from gradus.runtime.slurm import is_running

log = logging.getLogger("gradus")

BEAT = 10.0  # seconds between two signs of life
SILENCE = 45.0  # seconds without one after which a holder counts as dead, where neither lock nor SLURM can say
POLL = 0.5


@contextlib.contextmanager
def lease(progress: Path, what: str) -> Iterator[None]:
    """Hold the lease on ``progress`` for a block; waits until another holder has ended.

    Raises UserError if that takes longer than `GRADUS_LEASE_WAIT` seconds. A holder whose lease
    was taken by another process, which thought it dead, ends at once, and its children with it.
    """
    path = progress.with_name(f"{progress.name}.lease")
    make_private(path.parent)
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
    """The open, locked lease with our name in it."""
    end = time.monotonic() + lease_wait()
    seen = Pulse()
    announced = False
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        locked = _lock(descriptor)
        if not _is_file(path, os.fstat(descriptor)):  # its holder has just removed it
            os.close(descriptor)
            continue
        holder = _holder(descriptor)
        if locked is not False and not (holder and _lives(holder, locked is not None, seen, path)):
            with named(path):
                os.truncate(descriptor, 0)
                os.pwrite(descriptor, canonical_json(_self()).encode(), 0)
                os.fsync(descriptor)
            return descriptor
        os.close(descriptor)
        name = f"SLURM job {holder['job']}" if holder.get("job") else f"process {holder.get('process', '?')}"
        if not announced:
            log.info("%s: %s is already working on this; waiting until it ends", what, name)
            announced = True
        if time.monotonic() > end:
            raise UserError(
                f"{name} is still working on this",
                where=what,
                hint=f"run again when it has ended, or end it; its lease is {path}",
            )
        time.sleep(POLL)


class _Holder(TypedDict, total=False):
    """Who holds a lease, as its file says; what is there may be torn or foreign, so that every field may be absent."""

    machine: str
    host: str
    process: int
    job: str | None


class Pulse:
    """Signs of life of a lease as this process sees them: the clocks of two machines are never compared."""

    def __init__(self) -> None:
        self._last: Any = None
        self._since = time.monotonic()

    def silent_seconds(self, path: Path) -> float:
        """How long, at least, the lease has not been touched."""
        try:
            now: Any = (path.stat().st_mtime_ns, path.stat().st_ino)
        except OSError:
            now = None
        if now != self._last:
            self._last, self._since = now, time.monotonic()
        return time.monotonic() - self._since


def _lives(holder: _Holder, lockable: bool, seen: Pulse, path: Path) -> bool:
    """Whether the holder named in a lease, whose lock is free as far as this machine knows, may still be at work."""
    silent = seen.silent_seconds(path) > SILENCE
    if holder.get("machine") == machine():
        return not lockable and not silent
    job = holder.get("job")
    if job and job != os.environ.get("SLURM_JOB_ID"):
        runs = is_running(job)
        return True if runs is None else runs
    return not silent  # the same job, started again elsewhere, or no job at all


def machine() -> str:
    """What tells machines apart: the number of this boot (host names repeat in containers)."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return os.uname().nodename


def _self() -> _Holder:
    host, job = os.uname().nodename, os.environ.get("SLURM_JOB_ID")
    return {"machine": machine(), "host": host, "process": os.getpid(), "job": job}


def _lock(descriptor: int) -> bool | None:
    """Whether the lock is ours now; None where the file system has no locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _holder(descriptor: int) -> _Holder:
    try:
        found = json.loads(os.pread(descriptor, 4096, 0) or b"{}")
    except (ValueError, RecursionError):
        return {}
    return cast(_Holder, found) if isinstance(found, dict) else {}


def _is_file(path: Path, facts: os.stat_result) -> bool:
    """Whether ``path`` is still the file that was opened."""
    try:
        now = path.stat()
    except OSError:
        return False
    return (now.st_dev, now.st_ino) == (facts.st_dev, facts.st_ino)


def _beat(path: Path, over: threading.Event) -> None:
    """Touch the lease until the block is over; end this process if somebody else holds it."""
    own = _self()
    while not over.wait(BEAT):
        try:
            holder = json.loads(path.read_text(encoding="utf-8"))
            os.utime(path)
        except (OSError, ValueError, RecursionError):
            continue  # an unreachable, read-only or full file system does not mean another holder
        if holder != own:
            log.error("error: %s was taken by %s, which thought this process dead; ending", path, holder)
            os._exit(1)
