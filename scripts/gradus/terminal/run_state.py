"""Where a run stands: jobs by stage, cells trained, dollars, and the time that is left."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import fmean

_TRAINING = frozenset({"train", "train_on_nodes"})
TRAINED = "cells trained"


@dataclass
class Workload:
    """What is known before the first job; every mapping is by rule.

    ``stages``: the room of the house that a rule belongs to. ``measured``: seconds that a job took on this machine.
    ``lanes``: the share of the machine that a job takes, so that two jobs of half the cores last as long as one.
    """

    stages: Mapping[str, str] = field(default_factory=dict)
    measured: Mapping[str, float] = field(default_factory=dict)
    lanes: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Queue:
    """A cluster's scheduler: submissions that work, submissions that wait there, and jobs that are not submitted yet."""

    running: int
    waiting: int
    held: int = 0

    def __bool__(self) -> bool:
        return any((self.running, self.waiting, self.held))

    def __str__(self) -> str:
        held = f", {self.held} not submitted yet" if self.held else ""
        return f"SLURM {self.running} running, {self.waiting} queued{held}"


@dataclass
class _Running:
    rule: str
    since: float


class RunState:
    """Counts what Snakemake tells; asks nothing of it."""

    def __init__(self, workload: Workload | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._all: Counter[str] = Counter()
        self._done: Counter[str] = Counter()
        self._running: dict[int, _Running] = {}
        self._taken: dict[str, list[float]] = {}
        self.workload = workload or Workload()
        self.failed = 0
        self.usd = 0.0
        self.queue: Queue | None = None

    @property
    def total(self) -> int:
        """Jobs of this run."""
        return self._all.total()

    @property
    def done(self) -> int:
        """Jobs that have ended well."""
        return self._done.total()

    def planned(self, jobs_by_rule: Mapping[str, int]) -> None:
        """What is going to run."""
        self._all = Counter(dict(jobs_by_rule))

    def started(self, job: int, rule: str) -> None:
        """A job begins."""
        self._running[job] = _Running(rule, self._clock())

    def finished(self, job: int) -> None:
        """A job has ended well."""
        running = self._running.pop(job, None)
        if running is not None:
            self._done[running.rule] += 1
            self._taken.setdefault(running.rule, []).append(self._clock() - running.since)

    def broke(self, job: int) -> None:
        """A job has failed."""
        self._running.pop(job, None)
        self.failed += 1

    def seconds_left(self) -> tuple[float, bool] | None:
        """Seconds until the end by what jobs of each rule took, and whether that is all; None where no rule is known.

        It is not all where a rule is unknown, or where jobs wait for a scheduler: nobody knows how long.
        """
        seconds, known, unknown = 0.0, 0, 0
        running = list(
            self._running.values()
        )  # a copy: the line is drawn by other threads than those that tell of jobs
        for rule, count in self._all.items():
            waiting = count - self._done[rule]
            each = self._each(rule)
            if waiting <= 0:
                continue
            if each is None:  # what only names a target takes no time
                unknown += waiting if rule in self.workload.stages or not self.workload.stages else 0
                continue
            known += waiting
            lane = self.workload.lanes.get(rule, 1.0)
            gone = sum(min(each, self._clock() - one.since) for one in running if one.rule == rule)
            seconds += lane * max(0.0, each * waiting - gone)
        queued = self.queue is not None and self.queue.waiting > 0
        return (seconds, not unknown and not queued) if known else None

    def _each(self, rule: str) -> float | None:
        """Seconds that a job of a rule takes: this run's jobs tell it best."""
        taken = self._taken.get(rule)
        return fmean(taken) if taken else self.workload.measured.get(rule)

    def parts(self, busy_only: bool = True) -> list[str]:
        """The parts of the line: stages that are under way, cells trained, failures, dollars, time left."""
        active = {one.rule for one in list(self._running.values())}
        rows: dict[str, tuple[int, int, bool]] = {}
        for rule, count in self._all.items():
            stage = TRAINED if rule in _TRAINING else self.workload.stages.get(rule)
            if stage is not None:
                done, all_, busy = rows.get(stage, (0, 0, False))
                rows[stage] = (done + self._done[rule], all_ + count, busy or rule in active)
        order = {stage: index for index, stage in enumerate(dict.fromkeys(self.workload.stages.values()))}
        order[TRAINED] = order.get("students", 0)
        said = [str(self.queue)] if self.queue else []
        for stage in sorted(rows, key=lambda one: (order[one], one == TRAINED)):
            done, all_, busy = rows[stage]
            if not busy_only or busy or 0 < done < all_ or stage == TRAINED:
                said.append(f"{stage} {done}/{all_}")
        if self.failed:
            said.append(f"{self.failed} failed")
        said.append(f"${self.usd:.2f}")
        left = self.seconds_left()
        if left is not None and self.done < self.total:
            said.append(f"{'about' if left[1] else 'at least'} {duration(left[0])} left")
        return said

    def line(self) -> str:
        """The status line of a terminal."""
        return f"[ {' | '.join([f'{self.done}/{self.total}', *self.parts()])} ]"

    def percent(self) -> int:
        """Jobs done, in percent."""
        return 100 * self.done // self.total if self.total else 100


def duration(seconds: float) -> str:
    """A time that a person reads: ``40 s``, ``18 min``, ``2 h 05 min``."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"
