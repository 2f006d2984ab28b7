"""Where a run's lines go: plain lines, or a terminal whose last line says where the run stands.

On a terminal all that jobs write passes through here first: it stands above the status line and never on it.
"""

from __future__ import annotations

import atexit
import os
import select
import sys
import threading
from collections.abc import Callable
from typing import Protocol

_CLEAR = b"\r\x1b[K"
_TICK = 2.0  # seconds between two drawings where nothing happens


class Screen(Protocol):
    """Takes whole lines, and is told when the state has changed."""

    def write(self, line: str) -> None:
        """A line that stays."""

    def changed(self, percent: int) -> None:
        """The state has changed; so much of the work is done."""

    def close(self) -> None:
        """Nothing more comes."""


class Lines:
    """A file or pipe: the state is written at every tenth."""

    def __init__(self, state: Callable[[], str]) -> None:
        self._state = state
        self._tenth = 0

    def write(self, line: str) -> None:
        """The line, at once."""
        print(line, file=sys.stderr, flush=True)

    def changed(self, percent: int) -> None:
        """A line where a tenth is full; the end has closing lines of its own."""
        if self._tenth < percent // 10 < 10:
            self._tenth = percent // 10
            self.write(f"{percent} %: {self._state()}")

    def close(self) -> None:
        """Nothing to put back."""


class Terminal:
    """A terminal at standard error: what is written there, and to standard output if that is one too, is shown above the line."""

    def __init__(self, state: Callable[[], str]) -> None:
        self._state = state
        self._lock = threading.Lock()
        self._shown = False
        self._closed = False
        self._gone = False
        sys.stdout.flush()
        sys.stderr.flush()
        self._saved = {fd: os.dup(fd) for fd in (1, 2) if os.isatty(fd)}
        self._out = self._saved[2]
        self._read, write = os.pipe()
        self._wake_read, self._wake = os.pipe()
        for fd in self._saved:
            os.dup2(write, fd)
        os.close(write)
        self._thread = threading.Thread(target=self._pump, daemon=True, name="terminal")
        self._thread.start()
        atexit.register(self.close)

    def write(self, line: str) -> None:
        """The line, above the status line."""
        print(line, file=sys.stderr, flush=True)  # through the pipe, after what was written before it

    def changed(self, percent: int) -> None:
        """Draw the status line."""
        self._draw()

    def close(self) -> None:
        """Give the terminal back, without the status line."""
        if self._closed:
            return
        self._closed = True
        sys.stdout.flush()
        sys.stderr.flush()
        for fd, saved in self._saved.items():
            os.dup2(saved, fd)
        os.write(self._wake, b".")
        self._thread.join(5)
        with self._lock:
            self._erase()

    def _pump(self) -> None:
        """Lines of jobs, until closed: of a line that redraws itself, the last state."""
        rest = b""
        while True:
            ready, _, _ = select.select([self._read, self._wake_read], [], [], _TICK)
            if self._read in ready:
                rest += os.read(self._read, 65536)
                *lines, rest = rest.split(b"\n")
                if lines:
                    self._above(lines)
            elif self._wake_read in ready:  # what was written before the end has been read
                if rest:
                    self._above([rest])
                return
            else:
                self._draw()

    def _above(self, lines: list[bytes]) -> None:
        whole = b"".join(line.rstrip(b"\r").rpartition(b"\r")[2] + b"\n" for line in lines)
        with self._lock:
            self._erase()
            self._put(whole)
        self._draw()

    def _draw(self) -> None:
        with self._lock:
            if self._closed:
                return
            width = self._width()
            try:
                text = self._state()[: max(1, width - 1)]
            except Exception:  # without this thread nobody would read what jobs write, and they would wait for ever
                text = ""
            self._erase()
            self._put(text.encode())
            self._shown = bool(text)

    def _erase(self) -> None:
        if self._shown:
            self._put(_CLEAR)
            self._shown = False

    def _width(self) -> int:
        try:
            return os.get_terminal_size(self._out).columns or 80
        except OSError:
            return 80

    def _put(self, text: bytes) -> None:
        """Write to the terminal; one that has gone (a lost connection) is left, and what jobs write is read and dropped."""
        rest = memoryview(text)
        while rest and not self._gone:
            try:
                rest = rest[os.write(self._out, rest) :]
            except BlockingIOError:
                select.select([], [self._out], [], _TICK)
            except OSError:
                self._gone = True


def screen(state: Callable[[], str], plain: Callable[[], str]) -> Screen:
    """The screen of this process: ``state`` is a terminal's line, ``plain`` what a file gets."""
    terminal = os.isatty(2) and os.environ.get("TERM") != "dumb"
    return Terminal(state) if terminal else Lines(plain)
