"""Equivalence of expressions: compared by math-verify in processes of their own, each pair within a time limit.

math-verify computes with sympy, which some model outputs keep busy for ever, deaf to the signals of its own time limits
(``10^{10^9}``); a process that misses ours is killed and replaced, and the pair counts as a timeout.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from gradus.answers.latex import parsed_equal, same_spelling
from gradus.runtime.processes import die_with_parent

SECONDS = 20.0  # for one pair; math-verify's own limits, which it keeps where it can, are shorter
START_SECONDS = 60.0  # for a process to come up
Pair = tuple[str, str]


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    pair: int = -1
    deadline: float = 0.0


_crew: list[_Worker] = []  # kept from call to call: a new process costs half a second
_crew_lock = threading.Lock()


def equivalent(left: str, right: str) -> bool | None:
    """Whether two expressions mean the same; None where it could not be decided in time."""
    return _known(left, right) if not same_spelling(left, right) else True


@lru_cache(maxsize=65536)
def _known(left: str, right: str) -> bool | None:
    return equivalences([(left, right)], workers=1)[0]


def equivalences(pairs: Sequence[Pair], seconds: float = SECONDS, workers: int | None = None) -> list[bool | None]:
    """Whether the two expressions of each pair mean the same; None where it could not be decided within ``seconds``."""
    found: list[bool | None] = [True if same_spelling(*pair) else None for pair in pairs]
    waiting = deque(index for index, result in enumerate(found) if result is None)
    with _crew_lock:
        wanted = min(len(waiting), workers or os.cpu_count() or 1)
        _crew.extend(_hire() for _ in range(wanted - len(_crew)))
        while waiting or any(worker.pair >= 0 for worker in _crew):
            for worker in _crew:
                if worker.pair < 0 and waiting:
                    _ask(worker, waiting.popleft(), pairs, seconds)
            busy = [worker for worker in _crew if worker.pair >= 0]
            patience = max(0.0, min(worker.deadline for worker in busy) - time.monotonic())
            ready = wait([worker.pipe for worker in busy], patience)
            for worker in busy:
                if worker.pipe in ready:
                    try:
                        found[worker.pair] = worker.pipe.recv()
                        worker.pair = -1
                    except (EOFError, OSError):  # it died of the pair
                        _replace(worker)
                elif time.monotonic() >= worker.deadline:
                    _replace(worker)
    return found


def _ask(worker: _Worker, index: int, pairs: Sequence[Pair], seconds: float) -> None:
    try:
        worker.pipe.send(pairs[index])
    except OSError:  # somebody has killed it
        _replace(worker)
        worker.pipe.send(pairs[index])
    worker.pair = index
    worker.deadline = time.monotonic() + seconds


def _hire() -> _Worker:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    if ours.poll(START_SECONDS):
        ours.recv()  # it is up
    return _Worker(process, ours)


def _replace(worker: _Worker) -> None:
    worker.process.kill()
    worker.pipe.close()
    new = _hire()
    worker.process, worker.pipe, worker.pair = new.process, new.pipe, -1


def _work(pipe: Connection) -> None:
    """A worker: one verdict per pair, until its parent is gone."""
    die_with_parent()
    pipe.send("up")
    while True:
        try:
            pair = pipe.recv()
        except EOFError:
            return
        pipe.send(parsed_equal(*pair))
