"""Attempts: what every try of a job took, finished or not, beside the results and never deleted with them.

A try of ``results/S/x/y.json`` leaves ``results/S/attempts/x/y/WHEN-HOST-PID.run.json``. It is written when the job begins and
every half minute after that, so that a killed try counts for what it took until then.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import platform
import resource
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from gradus.runtime.atomic import write_json
from gradus.runtime.folders import files_below

BEAT_SECONDS = 30.0
RESULTS, FOLDER = "results", "attempts"

Outcome = Literal["running", "finished", "stopped", "failed"]

_elsewhere: list[float] = []  # seconds of a processor that others have used for this process


def count_cpu_seconds(seconds: float) -> None:
    """Count what a process that is no child of this one has used for its job."""
    _elsewhere.append(seconds)


class Attempt:
    """One try of a job that is going on; ``gpus`` are those that it holds."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._clock = time.monotonic()
        self._started = datetime.now(UTC).isoformat(timespec="seconds")
        self._facts: dict[str, object] = {}
        self._outcome: Outcome = "running"
        self._lock = threading.Lock()
        self._over = threading.Event()
        # A process forked while the other thread writes would hold half of its locks.
        os.register_at_fork(
            before=self._lock.acquire, after_in_parent=self._lock.release, after_in_child=self._lock.release
        )
        self._owner = os.getpid()
        self._write()
        threading.Thread(target=self._beat, daemon=True).start()
        atexit.register(self.end, "failed")

    def note(self, **facts: Any) -> None:
        """Remember what it holds or has used: ``gpus``, ``energy_joules``, ``usd``, tokens."""
        self._facts |= facts
        self._write()

    def end(self, outcome: Outcome) -> None:
        """The try is over; what is told first counts."""
        if self._outcome == "running" and os.getpid() == self._owner:
            self._outcome = outcome
            self._over.set()
            self._write()

    def _beat(self) -> None:
        while not self._over.wait(BEAT_SECONDS):
            self._write()

    def _write(self) -> None:
        with self._lock:
            used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
            facts = {
                "started": self._started,
                "outcome": self._outcome,
                "wall_seconds": round(time.monotonic() - self._clock, 3),
                "cpu_seconds": round(sum(one.ru_utime + one.ru_stime for one in used) + sum(_elsewhere), 3),
                "host": platform.node(),
                "slurm_job": os.environ.get("SLURM_JOB_ID"),
                "gpus": 0,
                **self._facts,
            }
            with contextlib.suppress(OSError):  # a full disk is told by what the job itself writes
                write_json(self._path, facts)


@dataclass(frozen=True)
class Attempted:
    """A try as it was left; ``output`` is that of its job, relative to the study's folder and without an ending."""

    output: str
    outcome: Outcome
    wall_seconds: float
    cpu_seconds: float
    gpus: int
    energy_joules: float | None
    usd: float
    input_tokens: int
    output_tokens: int

    @property
    def gpu_hours(self) -> float:
        """GPUs times hours, of which it held them all."""
        return self.gpus * self.wall_seconds / 3600


def folder_of(output: str | Path) -> Path | None:
    """Where the tries of the job that writes ``output`` are; None where that is no study's file."""
    parts = Path(output).parts
    if len(parts) < 4 or parts[0] != RESULTS:
        return None
    folder = Path(parts[0], parts[1], FOLDER, *parts[2:])
    return folder.with_name(folder.name.removesuffix(".jsonl").removesuffix(".json"))


def begin(output: str | Path) -> Attempt | None:
    """A try of the job that writes ``output``; None where that is no study's file (a program that somebody runs by hand)."""
    folder = folder_of(output)
    if folder is None:
        return None
    when = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    return Attempt(folder / f"{when}-{platform.node()}-{os.getpid()}.run.json")


def attempts(study: Path) -> Iterator[Attempted]:
    """All tries of a study, whose folder is given, in the order of their files; unreadable ones are left out."""
    root = study / FOLDER
    for path in files_below(root, ".run.json"):
        try:
            facts = json.loads(path.read_text(encoding="utf-8"))
            yield Attempted(
                path.parent.relative_to(root).as_posix(),
                facts["outcome"],
                float(facts["wall_seconds"]),
                float(facts["cpu_seconds"]),
                int(facts["gpus"]),
                facts.get("energy_joules"),
                float(facts.get("usd", 0.0)),
                int(facts.get("input_tokens", 0)),
                int(facts.get("output_tokens", 0)),
            )
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue
