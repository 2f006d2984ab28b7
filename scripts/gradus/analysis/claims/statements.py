"""Statements: what is claimed, of whom, and whether the evidence supports it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from gradus.statistics.contrasts import Contrast
from gradus.statistics.correlations import Correlation
from gradus.statistics.families import holm
from gradus.statistics.margin import MARGIN

ALPHA = 0.05
# Power is stated for effects of this size.
POINTS = 0.02
R = 0.5
# A weaker correlation is called small (Cohen 1988), and a claim of a positive one is contradicted beyond its opposite alone.
SMALL_R = 0.1

Verdict = Literal[
    "supported", "contradicted", "shown to be small", "too few data", "one run: no verdict", "described only"
]
VERDICTS: tuple[Verdict, ...] = (
    "supported",
    "contradicted",
    "shown to be small",
    "too few data",
    "one run: no verdict",
    "described only",
)


@dataclass(frozen=True)
class Statement:
    """One tested statement.

    ``claim`` names the family. ``p`` speaks for the statement, ``p_against`` for its opposite beyond ``margin`` and
    ``p_small`` for an effect within it, all unadjusted; ``judged`` adds the adjusted ones. ``estimate`` and its interval are
    in shares, or a correlation where ``unit`` is ``r`` or ``tau``. ``power`` is the chance that a true effect of
    ``power_for`` would have been found and ``detectable`` the effect that 80 % of such studies find. ``one_run``: some cell
    has one run; ``tipping_sd`` is the sd over its runs below which the interval would exclude zero for other seeds.
    ``p_pooled`` is p with one run variance for all cells. ``reach`` is what the statement speaks of.

    A statement over datasets takes these as draws of a population (random effects): ``prediction_low`` and ``prediction_high``
    bound what another dataset would show, ``i2`` is the share of what datasets vary that is not their own error, and
    ``fixed_estimate`` with its p is the plain mean over these datasets. ``groups``: the clusters of variants that its ``n``
    problems come from, None where each is a draw of its own.
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
    p_small: float = 1.0
    margin: float | None = None
    detectable: float | None = None
    one_run: bool = False
    tipping_sd: float | None = None
    p_pooled: float | None = None
    log_odds: float | None = None
    datasets: int | None = None
    prediction_low: float | None = None
    prediction_high: float | None = None
    i2: float | None = None
    fixed_estimate: float | None = None
    fixed_p: float | None = None
    groups: int | None = None
    p_adjusted: float = 1.0
    p_against_adjusted: float = 1.0
    p_small_adjusted: float = 1.0

    @property
    def decides(self) -> bool:
        """Whether it can get a verdict at all, and so belongs to its family of tests."""
        return not self.one_run and self.claim not in DESCRIBED

    @property
    def verdict(self) -> Verdict:
        """At 5 %, adjusted for the family; none from one run."""
        if self.claim in DESCRIBED:
            return "described only"
        if self.one_run:
            return "one run: no verdict"
        if self.p_adjusted < ALPHA:
            return "supported"
        if self.p_against_adjusted < ALPHA:
            return "contradicted"
        return "shown to be small" if self.p_small_adjusted < ALPHA else "too few data"

    @property
    def p_of_verdict(self) -> float | None:
        """The adjusted p that its verdict rests on: for it, against it, or for a small effect; None where it has no verdict."""
        if not self.decides:
            return None
        named = {"contradicted": self.p_against_adjusted, "shown to be small": self.p_small_adjusted}
        return named.get(self.verdict, self.p_adjusted)


def from_contrast(
    claim: str,
    subject: str,
    statement: str,
    gap: Contrast,
    note: str = "",
    effect: float = POINTS,
    margin: float = MARGIN,
) -> Statement:
    """A statement that a contrast is above zero, contradicted where it is below ``-margin``; power is for a true ``effect``."""
    interval = gap.interval()
    pooled = gap.with_pooled_runs
    return Statement(
        claim,
        subject,
        statement,
        "points",
        interval.value,
        interval.low,
        interval.high,
        gap.p_greater(),
        gap.p_less(-margin),
        gap.power(effect),
        f"{100 * effect:g} points",
        gap.speaks_of,
        gap.n,
        gap.runs,
        note,
        p_small=max(gap.p_less(margin), gap.p_greater(-margin)),
        margin=margin,
        detectable=gap.detectable(),
        one_run=gap.one_run,
        tipping_sd=gap.tipping_sd,
        p_pooled=None if pooled is None else pooled.p_greater(),
        log_odds=gap.log_odds,
        groups=gap.groups,
    )


def from_correlation(
    claim: str,
    subject: str,
    statement: str,
    found: Correlation,
    runs: int,
    unit: str = "r",
    note: str = "",
    of: str = "supervisions",
) -> Statement:
    """A statement that a correlation is positive; ``of`` are its points: it speaks of others of their kind."""
    interval = found.interval
    one_run = runs < 2
    points = f"{found.points} {of}"
    if found.cannot_decide:
        points += f": too few ever to decide (the smallest p is {2 * found.smallest_p:.3f})"
    return Statement(
        claim,
        subject,
        statement,
        unit,
        interval.value,
        interval.low,
        interval.high,
        found.p_positive,
        max(found.p_negative, found.p_below(-SMALL_R)),
        found.power(R),
        f"{unit} = {R}",
        f"{of} in these runs" if one_run else of,
        None,
        runs,
        points + (f", {note}" if note else ""),
        p_small=1.0 if found.cannot_decide else found.p_within(SMALL_R),
        margin=SMALL_R,
        detectable=found.detectable(),
        one_run=one_run,
    )


def judged(statements: Sequence[Statement]) -> list[Statement]:
    """The same statements with p adjusted by Holm within each claim; directional ones are tested on both sides.

    A statement that cannot get a verdict is no test and not counted.
    """
    families: dict[str, list[int]] = {}
    for index, statement in enumerate(statements):
        if statement.decides:
            families.setdefault(statement.claim, []).append(index)
    done = list(statements)
    for claim, indices in families.items():
        factor = 1 if claim in ONE_SIDED else 2
        speaking = holm([min(1.0, factor * statements[index].p) for index in indices])
        against = holm([min(1.0, factor * statements[index].p_against) for index in indices])
        small = holm([statements[index].p_small for index in indices])
        for index, *adjusted in zip(indices, speaking, against, small, strict=True):
            p, p_against, p_small = adjusted
            done[index] = replace(done[index], p_adjusted=p, p_against_adjusted=p_against, p_small_adjusted=p_small)
    return done


# Claims whose p is that of a test with one direction by nature: supported and contradicted are separate questions.
ONE_SIDED = frozenset(
    {
        "non-monotone",
        "non-monotone-mean",
        "format-indifferent",
        "format-matters",
        "length-is-not-granularity",
        "rises",
        "saturates",
        "valley",
        "peak",
        "transfers-whole",
    }
)
# Companions that describe and err too often to decide.
DESCRIBED = frozenset({"two-lines"})
