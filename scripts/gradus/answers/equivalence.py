"""Equivalence of expressions: compared by math-verify in processes of their own, each pair within a limit of processor time.

math-verify computes with sympy, which some model outputs keep busy for ever (``10^{10^9}``). Its own limits are of the clock and
are swallowed as "not equal", so that a verdict would hang on how busy the machine is; they are off. The kernel ends a worker that
has used its processor time; the pair is tried once more, alone and for longer, and then counts as a timeout.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from gradus.answers.latex import parsed_equal, quick_verdict
from gradus.runtime.processes import die_with_parent

SECONDS = 4.0  # of processor time for one pair; an ordinary one takes hundredths
AGAIN = 1.5  # times as long for the second try, alone
START_SECONDS = 120.0  # for a process to come up
ASLEEP_SECONDS = 600.0  # by the clock: a worker that neither computes nor answers
LONGEST = 2000  # characters; nobody's answer is longer, and parsers recurse
REMEMBERED = 65536  # pairs
MOST_WORKERS = 8  # each holds sympy in memory
PAIRS_OF_A_WORKER = 50  # fewer are compared sooner than another process has imported sympy
Pair = tuple[str, str]


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    pair: int = -1
    deadline: float = 0.0


_crew: list[_Worker] = []  # kept from call to call: a new process costs half a second
_crew_lock = threading.Lock()
_remembered: dict[Pair, bool | None] = {}


def equivalent(left: str, right: str) -> bool | None:
    """Whether two expressions mean the same; None where it could not be decided in time."""
    verdict = quick_verdict(left, right)
    return _known(left, right) if verdict is None else verdict


def _known(left: str, right: str) -> bool | None:
    if (left, right) not in _remembered:
        _remember({(left, right): equivalences([(left, right)], workers=1)[0]})
    return _remembered[left, right]


def decide_ahead(pairs: Iterable[Pair]) -> None:
    """Compare pairs on all cores that this process may use, so that ``equivalent`` knows them: the same verdicts, sooner."""
    asked = [pair for pair in dict.fromkeys(pairs) if pair not in _remembered and quick_verdict(*pair) is None]
    workers = max(1, min(len(os.sched_getaffinity(0)), MOST_WORKERS, len(asked) // PAIRS_OF_A_WORKER))
    for start in range(0, len(asked), REMEMBERED // 2):
        part = asked[start : start + REMEMBERED // 2]
        _remember(dict(zip(part, equivalences(part, workers=workers), strict=True)))


def _remember(verdicts: dict[Pair, bool | None]) -> None:
    if len(_remembered) + len(verdicts) > REMEMBERED:
        _remembered.clear()
    _remembered.update(verdicts)


def equivalences(pairs: Sequence[Pair], seconds: float = SECONDS, workers: int | None = None) -> list[bool | None]:
    """Whether the two expressions of each pair mean the same; None where ``seconds`` of processor time do not decide it."""
    found = [quick_verdict(*pair) if max(map(len, pair)) <= LONGEST else pair[0] == pair[1] for pair in pairs]
    open_pairs = [index for index, result in enumerate(found) if result is None]
    with _crew_lock:
        try:
            late = _decide(open_pairs, found, pairs, seconds, workers or os.cpu_count() or 1)
            _decide(late, found, pairs, seconds * AGAIN, 1)
        except BaseException:  # interrupted: who knows which worker owes an answer
            while _crew:
                _crew.pop().process.kill()
            raise
    return found


def _decide(
    waiting: Sequence[int], found: list[bool | None], pairs: Sequence[Pair], seconds: float, workers: int
) -> list[int]:
    """Verdicts into ``found``, by at most so many workers; what none could decide in its time is returned."""
    queue, late = deque(waiting), []
    _crew.extend(_hired(min(len(queue), workers) - len(_crew)))
    crew = _crew[:workers]
    while queue or any(worker.pair >= 0 for worker in crew):
        for worker in crew:
            if worker.pair < 0 and queue:
                _ask(worker, queue.popleft(), pairs, seconds)
        busy = [worker for worker in crew if worker.pair >= 0]
        patience = max(0.0, min(worker.deadline for worker in busy) - time.monotonic())
        ready = wait([worker.pipe for worker in busy], patience)
        for worker in busy:
            if worker.pipe in ready:
                try:
                    found[worker.pair] = worker.pipe.recv()
                    worker.pair = -1
                except (EOFError, OSError):  # it died of the pair, or its time was over
                    late.append(worker.pair)
                    _replace(worker)
            elif time.monotonic() >= worker.deadline:
                late.append(worker.pair)
                _replace(worker)
    return sorted(late)


def _ask(worker: _Worker, index: int, pairs: Sequence[Pair], seconds: float) -> None:
    question = (pairs[index], seconds)
    try:
        worker.pipe.send(question)
    except OSError:  # somebody has killed it
        _replace(worker)
        worker.pipe.send(question)
    worker.pair = index
    worker.deadline = time.monotonic() + ASLEEP_SECONDS


def _hired(count: int) -> list[_Worker]:
    """So many workers, started together: most of a start is imports."""
    context = multiprocessing.get_context("spawn")
    workers = []
    for _ in range(count):
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs,), daemon=True)
        with _no_script():
            process.start()
        theirs.close()
        workers.append(_Worker(process, ours))
    for worker in workers:
        if worker.pipe.poll(START_SECONDS):
            worker.pipe.recv()  # it is up
    return workers


@contextlib.contextmanager
def _no_script() -> Iterator[None]:
    """A process that is started meanwhile does not run the user's script again, as it would to find functions of it.

    Without this a script that judges at its top level, not below ``if __name__ == "__main__"``, ends in multiprocessing's errors.
    """
    main = sys.modules["__main__"]
    hidden: dict[str, Any] = {
        name: main.__dict__.pop(name) for name in ("__file__", "__spec__") if name in main.__dict__
    }
    main.__spec__ = None
    try:
        yield
    finally:
        main.__dict__.update(hidden)


def _replace(worker: _Worker) -> None:
    worker.process.kill()
    worker.pipe.close()
    [new] = _hired(1)
    worker.process, worker.pipe, worker.pair = new.process, new.pipe, -1


def _work(pipe: Connection) -> None:
    """A worker: one verdict per pair, until its parent is gone.

    SIGPROF counts the processor time of this process alone and, untouched by Python, ends it wherever it is: a worker that is
    stopped or waits for a core loses nothing.
    """
    die_with_parent()
    logging.getLogger("math_verify").setLevel(logging.CRITICAL)  # it prints whole texts
    parsed_equal("\\frac{x}{2}", "0.5x")  # imports and grammars are not the first pair's time
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    pipe.send("up")
    while True:
        try:
            pair, seconds = pipe.recv()
        except EOFError:
            return
        signal.setitimer(signal.ITIMER_PROF, seconds)
        verdict = parsed_equal(*pair)
        signal.setitimer(signal.ITIMER_PROF, 0)
        pipe.send(verdict)
