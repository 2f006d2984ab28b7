"""Doses: does accuracy rise with the value of a key, saturate, fall and recover, or is a middle value best?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from gradus.analysis.claims.statements import Statement, from_contrast
from gradus.analysis.evidence import DoseSeries, Evidence
from gradus.statistics.doses import Tested, peak, rises, saturates, valley
from gradus.statistics.measurements import Measurement, SeedVariance, pooled_seed_variance

FEWEST_DOSES = 3
_Test = Callable[[Sequence[Measurement], SeedVariance, float], Tested]
# By claim: its test, and what it says of an axis.
SHAPES: Mapping[str, tuple[_Test, str]] = {
    "rises": (rises, "accuracy rises with {axis} to the last value"),
    "saturates": (saturates, "accuracy rises with {axis}, then gains no more than the margin"),
    "valley": (valley, "accuracy falls with {axis}, then recovers"),
    "peak": (peak, "a middle value of {axis} is best"),
}


def doses(evidence: Evidence) -> list[Statement]:
    """Four statements for every series of three doses or more; each is an intersection of differences, the weakest of which is
    told."""
    return [
        _statement(claim, series, evidence.margin(series.dataset))
        for series in evidence.doses
        if len(series.measured) >= FEWEST_DOSES
        for claim in SHAPES
    ]


def _statement(claim: str, series: DoseSeries, margin: float) -> Statement:
    test, words = SHAPES[claim]
    measured = list(series.measured.values())
    found = test(measured, pooled_seed_variance(measured), margin)
    each = ", ".join(f"{value}: {100 * one.mean:.1f} %" for value, one in series.measured.items())
    statement = from_contrast(claim, series.subject, words.format(axis=series.axis), found.gaps[0], each, margin=margin)
    return replace(
        statement,
        p=found.p,
        p_against=found.p_against,
        p_small=found.p_small,
        one_run=any(gap.one_run for gap in found.gaps),
        p_pooled=None,
        reach=replace(found.gaps[0], cells=len(measured)).speaks_of,
        runs=min(gap.runs for gap in found.gaps),
    )
