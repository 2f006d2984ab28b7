"""Snakemake in a process forked from one that has imported it: a second and a half of a processor less for each run of a test.

Whoever must see Snakemake's own process (signals, kills, a cluster, another interpreter or locale) starts it as its users do.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

_READ_AT_START = (
    "PYTHON",
    "LC_",
    "LANG",
    "LD_",
    "TMPDIR",
)  # variables that a process that has begun does not read again
_STREAMS = ("stdout", "stderr")
_HERE = Path(__file__).resolve().parent


def can_run(environment: Mapping[str, str]) -> bool:
    """Whether a process with this environment would be the same, however it was started."""
    changed = {name for name, _ in set(environment.items()) ^ set(os.environ.items())} - {"PYTHONPATH"}
    return "PYTHONPATH" not in environment and not any(name.startswith(_READ_AT_START) for name in changed)


def run(arguments: Sequence[str], folder: Path, environment: Mapping[str, str], seconds: float) -> tuple[int, str]:
    """``snakemake ARGUMENTS`` in ``folder``; its status, negative for a signal, and what it prints.

    TimeoutError if it does not end in time.
    """
    with tempfile.TemporaryDirectory() as streams:
        process = _context().Process(target=_become, args=(list(arguments), str(folder), dict(environment), streams))
        process.start()
        process.join(seconds)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise TimeoutError(f"snakemake did not end in {seconds:.0f} s")
        output = "".join((Path(streams) / name).read_text(encoding="utf-8") for name in _STREAMS)
    return process.exitcode, output


@cache
def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["snakemake.cli", "snakemake.report", "smart_open", "jinja2", "imported_by_the_snakefile"]
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(map(str, (_HERE.parent / "scripts", _HERE))))
        forkserver.ensure_running()
    return context


def _become(arguments: list[str], folder: str, environment: dict[str, str], streams: str) -> None:
    from snakemake.cli import main

    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, name in enumerate(_STREAMS, start=1):
        stream = os.open(os.path.join(streams, name), os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(stream, number)
        os.close(stream)
    sys.argv = ["snakemake", *arguments]
    main()
