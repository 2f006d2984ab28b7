"""Distillation: does a taught student end above its untouched self?"""

from __future__ import annotations

from gradus.analysis.claims.statements import Statement, from_contrast
from gradus.analysis.evidence import Evidence, level_series
from gradus.analysis.over_untaught import over_untaught
from gradus.records.vocabulary import UNTAUGHT


def distillation_helps(evidence: Evidence) -> list[Statement]:
    """For every student, dataset and teacher of originals: the mean over levels is above the untaught student (no level is
    chosen), with each of its prompts."""
    found = []
    for series in level_series(evidence, shortest=1):
        if series.format != "original":
            continue
        for supervision, base in evidence.measured(series.dataset, series.student).items():
            if supervision.format != UNTAUGHT:
                continue
            parts = [(1 / len(series.levels), level) for level in series.levels.values()]
            gap = over_untaught(parts, base, evidence.seeds(series.dataset, series.student))
            found.append(
                from_contrast(
                    "distillation-helps",
                    f"{series.dataset}, {series.student}, {series.teacher} against {supervision.teacher}",
                    "what was taught (mean over levels) is better than the untaught student",
                    gap,
                    margin=evidence.margin(series.dataset),
                )
            )
    return found
