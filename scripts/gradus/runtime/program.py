"""What all programs share: one command-line style, one logger, user errors without a traceback, the run record."""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import math
import os
import platform
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from gradus.runtime import starter
from gradus.runtime.arithmetic import arithmetic
from gradus.runtime.atomic import write_json
from gradus.runtime.attempts import Outcome, begin
from gradus.runtime.environment import debugging
from gradus.runtime.errors import UserError, json_fault
from gradus.runtime.interrupts import STATUS, STOPPED, interrupt_again

log = logging.getLogger("gradus")

SCRIPTS = Path(__file__).resolve().parents[2]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, as for every other mistake of the user; the options are long, so usage is left to --help."""
        self.exit(2, f"error: {message} (--help lists the options)\n")


def parser(description: str | None) -> argparse.ArgumentParser:
    """The one command-line style: long options, the module's docstring as description."""
    return _Parser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)


def json_option(text: str) -> Any:
    """An option that holds JSON (settings that a rule passes on)."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise argparse.ArgumentTypeError(json_fault(error)) from None


def number_option(low: float, high: float = math.inf) -> Callable[[str], float]:
    """An option that is a number from ``low`` to ``high``, and no infinite one."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"not a number: {text!r}") from None
        if not (low <= value <= high and math.isfinite(value)):
            raise argparse.ArgumentTypeError(f"{text} is not {_from(low, high)}")
        return value

    return read


def whole_number_option(low: int, high: float = math.inf) -> Callable[[str], int]:
    """An option that is a whole number from ``low`` to ``high``."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"not a whole number: {text!r}") from None
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text} is not {_from(low, high)}")
        return value

    return read


def _from(low: float, high: float) -> str:
    return f"at least {low:g}" if math.isinf(high) else f"from {low:g} to {high:g}"


def run(main: Callable[[], None]) -> NoReturn:
    """Run a program: exit 0, or 1 with one message for a mistake of the user or a failing disk.

    ``GRADUS_LOG=debug`` shows the traceback behind the message of a failing disk.
    """
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character (another locale, half a character) shows its number.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    level = logging.DEBUG if debugging() else logging.INFO
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    log.setLevel(level)
    for chatty in ("httpx", "httpx2", "openai", "anthropic"):  # a line per request
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # a line per font that it does without
    try:
        interrupt_again()
        main()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        log.debug("where it happened:", exc_info=True)
        where = f"{error.filename}: " if error.filename else ""
        print(f"error: {where}{error.strerror or error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print(STOPPED, file=sys.stderr)
        sys.exit(STATUS)
    sys.exit(0)


def run_from_starter(module: str, run_here: Callable[[], None]) -> NoReturn:
    """Run the program of ``module`` in a process of this run's starter, else ``run_here()``; ends with its status.

    Ctrl-C and TERM are passed on to it, unless this process is deaf to them.
    """
    paths = [str(SCRIPTS), os.environ.get("PYTHONPATH")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    started = starter.start(module, sys.argv[1:], environment)
    if started is None:
        run_here()
        sys.exit(0)

    def forward(number: int, frame: FrameType | None) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(started.pid, number)

    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, forward)
    status = started.wait()
    sys.exit(status if status >= 0 else 128 - status)


class RunRecord:
    """When, where and how long a job ran: the facts that must not be in its target files.

    Where ``output`` is a study's file, every try is counted too, whether it ends or not (``runtime.attempts``).
    """

    def __init__(self, output: str | Path | None = None) -> None:
        self._attempt = None if output is None else begin(output)
        self._started = datetime.now(UTC)
        self._clock = time.monotonic()

    def note(self, **facts: Any) -> None:
        """What this try holds or has used, whether it ends or not: ``gpus``, ``energy_joules``, ``usd``, tokens."""
        if self._attempt is not None:
            self._attempt.note(**facts)

    def end(self, outcome: Outcome = "finished") -> None:
        """This try is over; one that does not say so has failed."""
        if self._attempt is not None:
            self._attempt.end(outcome)

    def write(self, path: str | Path, **facts: Any) -> None:
        """Write ``x.run.json`` beside a target: the job is done."""
        record = {
            "started": self._started.isoformat(timespec="seconds"),
            "wall_seconds": round(time.monotonic() - self._clock, 3),
            "host": platform.node(),
            "python": platform.python_version(),
            "slurm_job": os.environ.get("SLURM_JOB_ID"),
            "arithmetic": arithmetic(),
            **facts,
        }
        write_json(path, record)
        self.end()
