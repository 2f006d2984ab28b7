"""Formats: does the way a rationale is laid out matter, or can it be shown not to?"""

from __future__ import annotations

from typing import Any

from gradus.analysis.claims.statements import POINTS, Statement
from gradus.analysis.evidence import Evidence
from gradus.records import Supervision
from gradus.statistics.contrasts import Contrast, difference
from gradus.statistics.measurements import Measurement

# Differences within this margin are no differences (accuracy, 0 to 1).
MARGIN = 0.03
REWRITES = ("least-to-most", "rephrase-and-respond", "symbolic")


def formats(evidence: Evidence) -> list[Statement]:
    """Claim 3, for every student, dataset, teacher and level: two statements.

    ``format-matters``: some format differs from the original. ``format-indifferent``: all formats are within the margin of it
    (two one-sided tests for each; a difference that was not found is no proof of indifference).
    """
    found = []
    for (place, student), original in evidence.students.items():
        if place.format != "original":
            continue
        others: dict[str, Measurement] = {}
        for format_ in REWRITES:
            key = (Supervision(place.dataset, place.teacher, format_, place.level), student)
            if key in evidence.students:
                others[format_] = evidence.students[key]
        if others:
            seeds = evidence.seeds(place.dataset, student)
            gaps = {name: difference(one, original, seeds) for name, one in others.items()}
            found += _both(f"{place.dataset}, {student}, {place.teacher}/{place.level}", gaps)
    return found


def _both(subject: str, gaps: dict[str, Contrast]) -> list[Statement]:
    count = len(gaps)
    name = max(gaps, key=lambda key: abs(gaps[key].estimate))
    widest = gaps[name]
    interval = widest.interval(1 - 0.05 / count)
    within = max(max(gap.p_greater(-MARGIN), gap.p_less(MARGIN)) for gap in gaps.values())
    without_margin = min(1.0, count * min(gap.p for gap in gaps.values()))
    beyond = min(1.0, 2 * count * min(min(gap.p_greater(MARGIN), gap.p_less(-MARGIN)) for gap in gaps.values()))
    told: dict[str, Any] = {
        "subject": subject,
        "unit": "points",
        "estimate": interval.value,
        "low": interval.low,
        "high": interval.high,
        "reach": widest.reach,
        "n": widest.n,
        "runs": widest.runs,
        "note": f"the format farthest from the original is {name}",
    }
    return [
        Statement(
            claim="format-matters",
            statement="some format differs from the original",
            p=without_margin,
            p_against=within,
            power=widest.power(POINTS, 0.05 / count),
            power_for=f"{100 * POINTS:.0f} points",
            **told,
        ),
        Statement(
            claim="format-indifferent",
            statement=f"every format is within {100 * MARGIN:.0f} points of the original",
            p=within,
            p_against=beyond,
            power=_power_of_equivalence(list(gaps.values())),
            power_for="0 points",
            **told,
        ),
    ]


def _power_of_equivalence(gaps: list[Contrast]) -> float:
    """At least the chance that all formats are shown to be within the margin if none differs at all."""
    missed = sum(2 * (1 - gap.power(MARGIN, 0.10)) for gap in gaps)
    return max(0.0, 1 - missed)
