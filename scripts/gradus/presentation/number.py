"""Numbers as they are shown: one type for a value and what belongs to it, and one way to write it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

MISSING = "–"

Unit = Literal["accuracy", "points", "tokens", "more tokens", "correlation"]
# By what a number is multiplied, and how it is written then. Differences and correlations show their sign.
_WRITTEN: dict[Unit, tuple[int, str]] = {
    "accuracy": (100, ".1f"),
    "points": (100, "+.1f"),
    "tokens": (1, ".1f"),
    "more tokens": (1, "+.1f"),
    "correlation": (1, "+.2f"),
}


class Mark(NamedTuple):
    """A sign behind a number, and the sentence that explains it."""

    sign: str
    sentence: str


PARTIAL, BASELINE, LEAKED, EXCERPT = "partial", "not above baselines", "leaked", "excerpt"
NO_END = "end not learned"
CHOSEN, ORDER = "chosen", "order changes"
# In the order in which the signs stand behind a number.
MARKS = {
    PARTIAL: Mark("*", "An asterisk marks numbers from fewer runs than the study asks for."),
    BASELINE: Mark("†", "A dagger marks cells not shown to be above both."),
    LEAKED: Mark("‡", "A double dagger marks cells trained on test questions (allow_leakage)."),
    EXCERPT: Mark("§", "A section sign marks cells trained on an excerpt of the released file (allow_excerpt)."),
    NO_END: Mark("¶", "A pilcrow marks students that have not learned to stop (final_end_loss above 0.1)."),
    CHOSEN: Mark("·", "A dot marks the value that was chosen for a student, by its mean over what it was taught."),
    ORDER: Mark("≠", "An unequal sign marks cells whose order with another one changes with the value that is swept."),
}


@dataclass(frozen=True)
class Number:
    """One number: accuracies and their differences (points) as shares, others in their own unit.

    ``value`` is None where the number is missing. ``low`` and ``high`` bound its 95 % interval; ``sd`` is the standard
    deviation over runs (or over levels, where it is their mean); ``n`` counts problems and ``runs_asked`` the runs that the
    study file asks for. ``marks`` are names of ``MARKS``, or words about this number alone.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    sd: float | None = None
    n: int | None = None
    runs: int = 1
    runs_asked: int = 1
    marks: tuple[str, ...] = ()
    unit: Unit = "accuracy"

    @property
    def is_partial(self) -> bool:
        """Whether fewer runs are there than the study asks for."""
        return self.runs < self.runs_asked

    @property
    def scaled(self) -> float:
        """The value as it is drawn, such as percent; NaN where it is missing."""
        return float("nan") if self.value is None else _WRITTEN[self.unit][0] * self.value

    @property
    def arms(self) -> tuple[float, float]:
        """How far the interval reaches below and above the value, as it is drawn."""
        if self.value is None or self.low is None or self.high is None:
            return 0.0, 0.0
        scale = _WRITTEN[self.unit][0]
        return max(0.0, self.scaled - scale * self.low), max(0.0, scale * self.high - self.scaled)

    @property
    def text(self) -> str:
        """The value alone, or the sign for a missing one."""
        return self._written(self.value)

    @property
    def signs(self) -> str:
        """The signs of its marks."""
        return "".join(mark.sign for name, mark in MARKS.items() if self.has(name))

    @property
    def spread(self) -> str:
        """``±`` and the standard deviation; nothing where there is none."""
        return "" if self.sd is None else f"± {self._written(self.sd)}"

    def interval(self, digits: int | None = None) -> str:
        """``[low, high]``, to so many digits instead of the unit's own; nothing where there is none."""
        return "" if self.low is None else f"[{self._written(self.low, digits)}, {self._written(self.high, digits)}]"

    def has(self, mark: str) -> bool:
        """Whether a mark stands behind it: missing numbers have none."""
        return self.value is not None and (mark in self.marks or (mark == PARTIAL and self.is_partial))

    def _written(self, number: float | None, digits: int | None = None) -> str:
        if number is None:
            return MISSING
        scale, form = _WRITTEN[self.unit]
        return f"{scale * number:{form if digits is None else f'.{digits}f'}}"

    def __str__(self) -> str:
        """Value with its signs, standard deviation and interval."""
        return with_uncertainty(self, f"{self.text}{self.signs}")


def with_uncertainty(number: Number, value: str) -> str:
    """A value that is written already, with the standard deviation and interval of its number behind it."""
    if number.value is None:
        return value
    return " ".join(filter(None, [value, number.spread, number.interval()]))


def percent(share: float, digits: int = 1) -> str:
    """A share in percent, with its sign."""
    return f"{100 * share:.{digits}f} %"


def explanations(numbers: Iterable[Number]) -> str:
    """The sentences of the signs that any of the numbers has; the dagger's belongs beside the baselines it speaks of."""
    shown = list(numbers)
    found = [
        mark.sentence for name, mark in MARKS.items() if name != BASELINE and any(number.has(name) for number in shown)
    ]
    return "".join(f" {sentence}" for sentence in found)
