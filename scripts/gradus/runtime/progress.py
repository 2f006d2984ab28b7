"""The one style of progress: a bar on a terminal; in a log or pipe a plain line at every tenth, as nothing there is redrawn."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from tqdm import tqdm

T = TypeVar("T")

LONGEST_SILENCE = 600.0  # seconds after which a log gets a line although no tenth is full


class Bar(tqdm):  # type: ignore[misc]
    """A bar that the caller moves; where standard error is no terminal, lines."""

    disable: bool

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, **options: Any) -> None:
        self._lines = not sys.stderr.isatty()
        self._clock = clock
        initial, total = options["initial"], options["total"]
        self._tenth = initial * 10 // total if total else 10
        self._last = clock()
        super().__init__(file=sys.stderr, mininterval=2.0, ascii=True, ncols=100, **options)

    def display(self, msg: str | None = None, pos: int | None = None) -> Any:
        """Draw the bar, or write a line where one is due; called when time has passed and at the end."""
        if not self._lines:
            return super().display(msg, pos)
        tenth = self.n * 10 // self.total if self.total else 10
        if tenth > self._tenth or (self.total and self._clock() - self._last > LONGEST_SILENCE):
            self._tenth, self._last = tenth, self._clock()
            self.fp.write(self._line() + "\n")
            self.fp.flush()
        return True

    def close(self) -> None:
        """The last line; a bar's own closing would break the line once more."""
        if self._lines and not self.disable:
            self.display()
            self.disable = True
            self._decr_instances(self)
            return
        super().close()

    def _line(self) -> str:
        facts = self.format_dict
        rate = facts["rate"] or ((self.n - facts["initial"]) / facts["elapsed"] if facts["elapsed"] else 0.0)
        said = [f"{self.n:,} of {self.total:,} {self.unit}s"]
        if rate:
            said.append(f"{rate:.3g} a second")
        if rate and self.n < self.total:
            said.append(f"{self.format_interval((self.total - self.n) / rate)} left")
        if self.postfix:
            said.append(str(self.postfix))
        return f"{self.desc}: {100 * self.n // self.total} % ({', '.join(said)})"


def bar(total: int, what: str, unit: str, initial: int = 0, clock: Callable[[], float] = time.monotonic) -> Bar:
    """A bar of ``total`` units that the caller moves."""
    return Bar(total=total, desc=what, unit=unit, initial=initial, clock=clock)


def track(items: Iterable[T], total: int, what: str, unit: str) -> Iterator[T]:
    """A bar around a loop."""
    moved = bar(total, what, unit)
    try:
        for item in items:
            yield item
            moved.update()
    finally:
        moved.close()
