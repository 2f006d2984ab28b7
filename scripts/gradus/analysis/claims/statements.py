"""Statements: what is claimed, of whom, and whether the evidence supports it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gradus.statistics.contrasts import Contrast
from gradus.statistics.correlations import Correlation
from gradus.statistics.families import holm

ALPHA = 0.05
# Power is stated for effects of this size.
POINTS = 0.02
R = 0.5


@dataclass(frozen=True)
class Statement:
    """One tested statement.

    ``claim`` names the family; ``p`` speaks for the statement and ``p_against`` for its opposite, both unadjusted;
    ``judged`` adds the adjusted ones and the verdict. ``estimate`` and its interval are in shares, or a correlation where
    ``unit`` is ``r`` or ``tau``. ``power`` is the chance that a true effect of ``power_for`` would have been found.
    """

    claim: str
    subject: str
    statement: str
    unit: str
    estimate: float
    low: float
    high: float
    p: float
    p_against: float
    power: float
    power_for: str
    reach: str
    n: int | None
    runs: int
    note: str = ""
    p_adjusted: float = 1.0
    p_against_adjusted: float = 1.0

    @property
    def verdict(self) -> str:
        """``supported``, ``contradicted`` or ``undecided`` at 5 %, adjusted for the family."""
        if self.p_adjusted < ALPHA:
            return "supported"
        return "contradicted" if self.p_against_adjusted < ALPHA else "undecided"


def from_contrast(
    claim: str, subject: str, statement: str, gap: Contrast, note: str = "", effect: float = POINTS
) -> Statement:
    """A statement that a contrast is above zero; its power is that for a true ``effect``."""
    interval = gap.interval()
    return Statement(
        claim,
        subject,
        statement,
        "points",
        interval.value,
        interval.low,
        interval.high,
        gap.p_greater(),
        gap.p_less(),
        gap.power(effect),
        f"{100 * effect:g} points",
        gap.speaks_of,
        gap.n,
        gap.runs,
        note,
    )


def from_correlation(
    claim: str, subject: str, statement: str, found: Correlation, runs: int, unit: str = "r", note: str = ""
) -> Statement:
    """A statement that a correlation is positive; its problems are the points."""
    interval = found.interval
    return Statement(
        claim,
        subject,
        statement,
        unit,
        interval.value,
        interval.low,
        interval.high,
        found.p_positive,
        found.p_negative,
        found.power(R),
        f"{unit} = {R}",
        "conditions" if runs > 1 else "these checkpoints",
        None,
        runs,
        f"{found.points} points" + (f", {note}" if note else ""),
    )


def judged(statements: Sequence[Statement]) -> list[Statement]:
    """The same statements with p adjusted by Holm within each claim; directional ones are tested on both sides."""
    families: dict[str, list[int]] = {}
    for index, statement in enumerate(statements):
        families.setdefault(statement.claim, []).append(index)
    done = list(statements)
    for claim, indices in families.items():
        factor = 1 if claim in ONE_SIDED else 2
        speaking = holm([min(1.0, factor * statements[index].p) for index in indices])
        against = holm([min(1.0, factor * statements[index].p_against) for index in indices])
        for index, p, p_against in zip(indices, speaking, against, strict=True):
            done[index] = replace(done[index], p_adjusted=p, p_against_adjusted=p_against)
    return done


# Claims whose p is that of a test with one direction by nature: supported and contradicted are separate questions.
ONE_SIDED = frozenset(
    {
        "non-monotone",
        "non-monotone-mean",
        "two-lines",
        "format-indifferent",
        "format-matters",
        "length-is-not-granularity",
    }
)
