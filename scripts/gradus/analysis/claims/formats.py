"""Formats: does the way a rationale is laid out matter, or can it be shown not to?"""

from __future__ import annotations

from dataclasses import replace

from gradus.analysis.claims.statements import POINTS, Statement
from gradus.analysis.evidence import Evidence
from gradus.statistics.contrasts import Contrast, difference

REWRITES = ("least-to-most", "rephrase-and-respond", "symbolic")


def formats(evidence: Evidence) -> list[Statement]:
    """Claim 3, for every student, dataset, teacher and level: two statements.

    ``format-matters``: some format differs from the original, by however little; it is never contradicted, for a difference
    that was not found is no proof of indifference. ``format-indifferent``: all formats are within the margin of it (two one-
    sided tests for each), contradicted where some is beyond it. Both can be supported: a difference is there, and it is
    small.
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
            found += _both_statements(subject, gaps, evidence.margin(supervision.dataset))
    return found


def _both_statements(subject: str, gaps: dict[str, Contrast], margin: float) -> list[Statement]:
    """That some format matters and that none does, from each format's difference from the original."""
    count = len(gaps)
    farthest = max(gaps, key=lambda name: abs(gaps[name].estimate))
    widest = gaps[farthest]
    interval = widest.interval(1 - 0.05 / count)
    some_differs = min(1.0, count * min(gap.p for gap in gaps.values()))
    all_within = max(max(gap.p_greater(-margin), gap.p_less(margin)) for gap in gaps.values())
    some_beyond = min(1.0, 2 * count * min(min(gap.p_greater(margin), gap.p_less(-margin)) for gap in gaps.values()))
    matters = Statement(
        claim="format-matters",
        subject=subject,
        statement="some format differs from the original",
        unit="points",
        estimate=interval.value,
        low=interval.low,
        high=interval.high,
        p=some_differs,
        p_against=1.0,
        power=widest.power(POINTS, 0.05 / count),
        power_for=f"{100 * POINTS:.0f} points",
        reach=widest.speaks_of,
        n=widest.n,
        runs=widest.runs,
        note=f"farthest from the original: {farthest}",
        margin=margin,
        detectable=widest.detectable(alpha=0.05 / count),
        one_run=any(gap.one_run for gap in gaps.values()),
        tipping_sd=widest.tipping_sd_at(1 - 0.05 / count),
        p_pooled=_pooled(list(gaps.values())),
        log_odds=widest.log_odds,
        groups=widest.groups,
    )
    indifferent = replace(
        matters,
        claim="format-indifferent",
        statement=f"every format is within {100 * margin:g} points of the original",
        p=all_within,
        p_against=some_beyond,
        power=_power_of_equivalence(list(gaps.values()), margin),
        power_for="0 points",
        tipping_sd=None,
        p_pooled=None,
    )
    return [matters, indifferent]


def _pooled(gaps: list[Contrast]) -> float | None:
    """p of some difference with one run variance for all cells."""
    pooled = [gap.p_pooled for gap in gaps]
    known = [p for p in pooled if p is not None]
    return min(1.0, len(gaps) * min(known)) if len(known) == len(gaps) else None


def _power_of_equivalence(gaps: list[Contrast], margin: float) -> float:
    """At least the chance that all formats are shown to be within the margin if none differs at all."""
    missed = sum(2 * (1 - gap.power(margin, 0.10)) for gap in gaps)
    return max(0.0, 1 - missed)
