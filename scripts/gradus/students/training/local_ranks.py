"""Local ranks: all ranks of a training on one node without an accelerator, forked from one process that has imported everything.

torch, transformers and DeepSpeed take six seconds of a processor to import. torchrun pays that for every rank, and once
more for itself; a fork pays it once, and a starter (``runtime.starter``) once for all trainings of a run. A process that has
touched an accelerator must not fork, so torchrun starts the ranks where there is one, and where several nodes train together.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from types import FrameType

import torch

from gradus.runtime.processes import die_with_parent
from gradus.students.model_code import import_model_code
from gradus.students.training import engine
from gradus.students.training.job import Job

ADDRESS = "127.0.0.1"
_MEETING_SECONDS = 600
_PORT_BYTES = 8


def prepare(arguments: Sequence[str]) -> None:
    """Import what the ranks of ``run()`` will need of DeepSpeed and of their model."""
    engine.import_optimizers()
    job = Job.read(Path(arguments[0]))
    import_model_code(job.base)
    if job.recipe.adapter is not None:
        import peft  # noqa: F401


def fork_ranks(count: int) -> int:
    """Fork ``count`` ranks, let them meet, and wait until all have ended; the first failure's status, else 0.

    The ranks meet at a store that this process holds, so that no port has to be agreed on beforehand. When one fails, the
    others are killed: they would wait for it.
    """
    ready, write_end = os.pipe()
    ranks: dict[int, int] = {}
    for rank in range(count):
        process = os.fork()
        if process == 0:
            os.close(write_end)
            _become_rank(rank, count, ready)
        ranks[process] = rank
    os.close(ready)

    def kill_all(number: int, frame: FrameType | None) -> None:
        for process in ranks:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        os._exit(128 + number)

    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # else it is a run in the background
        signal.signal(signal.SIGINT, kill_all)
    timeout = timedelta(seconds=_MEETING_SECONDS)
    store = torch.distributed.TCPStore(  # type: ignore[attr-defined]  # torch does not export it by name
        ADDRESS, 0, count, is_master=True, timeout=timeout, wait_for_workers=False
    )
    with contextlib.suppress(BrokenPipeError):  # all ranks are gone already
        os.write(write_end, f"{store.port:{_PORT_BYTES}}".encode() * count)
    os.close(write_end)
    return _wait(ranks)


def _become_rank(rank: int, count: int, ready: int) -> None:
    """What a forked process does instead of returning: it waits for the store, then it is a rank like torchrun's."""
    os.setsid()
    port = os.read(ready, _PORT_BYTES)  # each rank takes one; pipes neither split nor mix what is so short
    if len(port) != _PORT_BYTES:
        os._exit(1)  # the starter is gone
    os.close(ready)
    os.environ.update(
        RANK=str(rank),
        LOCAL_RANK=str(rank),
        WORLD_SIZE=str(count),
        LOCAL_WORLD_SIZE=str(count),
        MASTER_ADDR=ADDRESS,
        MASTER_PORT=port.decode().strip(),
        TORCHELASTIC_USE_AGENT_STORE="True",
    )
    try:
        engine.main()
    except BaseException:
        sys.excepthook(*sys.exc_info())
    sys.stderr.flush()
    os._exit(1)  # engine.main ends the process itself where all went well


def _wait(ranks: dict[int, int]) -> int:
    """Wait for every rank; once one has failed, kill the others."""
    failed = 0
    waiting = set(ranks)
    while waiting:
        process, raw = os.wait()
        if process not in waiting:
            continue
        waiting.discard(process)
        status = os.waitstatus_to_exitcode(raw)
        if status != 0 and not failed:
            failed = status if status > 0 else 128 - status
            print(f"rank {ranks[process]} ended with status {status}", file=sys.stderr, flush=True)
            for other in waiting:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(other, signal.SIGKILL)
    return failed


def run() -> None:
    """``python -m gradus.students.training.local_ranks JOB.json NODE``."""
    die_with_parent()
    prepare(sys.argv[1:])
    sys.exit(fork_ranks(Job.read(Path(sys.argv[1])).recipe.ranks))


if __name__ == "__main__":
    run()
