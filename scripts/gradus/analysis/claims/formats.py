"""Formats: does the way a rationale is laid out matter, or can it be shown not to?"""

from __future__ import annotations

from dataclasses import replace

from gradus.analysis.claims.statements import POINTS, Statement
from gradus.analysis.evidence import Evidence
from gradus.statistics.contrasts import Contrast, difference

# Differences within this margin are no differences (accuracy, 0 to 1).
MARGIN = 0.03
REWRITES = ("least-to-most", "rephrase-and-respond", "symbolic")


def formats(evidence: Evidence) -> list[Statement]:
    """Claim 3, for every student, dataset, teacher and level: two statements.

    ``format-matters``: some format differs from the original. ``format-indifferent``: all formats are within the margin of it
    (two one-sided tests for each; a difference that was not found is no proof of indifference).
    """
    found = []
    for (supervision, student), original in evidence.students.items():
        if supervision.format != "original":
            continue
        seeds = evidence.seeds(supervision.dataset, student)
        rewrites = {name: evidence.students.get((replace(supervision, format=name), student)) for name in REWRITES}
        gaps = {name: difference(one, original, seeds) for name, one in rewrites.items() if one is not None}
        if gaps:
            subject = f"{supervision.dataset}, {student}, {supervision.teacher}/{supervision.level}"
            found += _both_statements(subject, gaps)
    return found


def _both_statements(subject: str, gaps: dict[str, Contrast]) -> list[Statement]:
    """That some format matters and that none does, from each format's difference from the original."""
    count = len(gaps)
    farthest = max(gaps, key=lambda name: abs(gaps[name].estimate))
    widest = gaps[farthest]
    interval = widest.interval(1 - 0.05 / count)
    some_differs = min(1.0, count * min(gap.p for gap in gaps.values()))
    all_within = max(max(gap.p_greater(-MARGIN), gap.p_less(MARGIN)) for gap in gaps.values())
    some_beyond = min(1.0, 2 * count * min(min(gap.p_greater(MARGIN), gap.p_less(-MARGIN)) for gap in gaps.values()))
    matters = Statement(
        claim="format-matters",
        subject=subject,
        statement="some format differs from the original",
        unit="points",
        estimate=interval.value,
        low=interval.low,
        high=interval.high,
        p=some_differs,
        p_against=all_within,
        power=widest.power(POINTS, 0.05 / count),
        power_for=f"{100 * POINTS:.0f} points",
        reach=widest.speaks_of,
        n=widest.n,
        runs=widest.runs,
        note=f"the format farthest from the original is {farthest}",
    )
    indifferent = replace(
        matters,
        claim="format-indifferent",
        statement=f"every format is within {100 * MARGIN:.0f} points of the original",
        p=all_within,
        p_against=some_beyond,
        power=_power_of_equivalence(list(gaps.values())),
        power_for="0 points",
    )
    return [matters, indifferent]


def _power_of_equivalence(gaps: list[Contrast]) -> float:
    """At least the chance that all formats are shown to be within the margin if none differs at all."""
    missed = sum(2 * (1 - gap.power(MARGIN, 0.10)) for gap in gaps)
    return max(0.0, 1 - missed)
