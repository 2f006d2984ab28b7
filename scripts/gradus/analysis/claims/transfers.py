"""Transfer: does what was taught on one dataset help on the problems of another, and is the gain as large there?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gradus.analysis.claims.statements import Statement, from_contrast
from gradus.analysis.evidence import Evidence, LevelSeries, level_series
from gradus.analysis.over_untaught import gain
from gradus.analysis.two_sets import change
from gradus.records import Supervision
from gradus.records.vocabulary import ANSWER_ONLY, UNTAUGHT
from gradus.statistics.contrasts import Contrast, combined
from gradus.statistics.measurements import Measurement

_CALLED = {UNTAUGHT: "the untaught student", ANSWER_ONLY: "bare answers"}


def transfers(evidence: Evidence) -> list[Statement]:
    """For every student, teacher of originals, dataset taught on and other dataset asked: two statements about the gain of the
    mean over levels (no level is chosen) over the untaught student, with each of its prompts, else over bare answers.

    That it helps on the other dataset too: the gain is above zero on both (intersection-union). That it is whole there: the gain
    is above zero at home, and not smaller by the margin or more on the other dataset.
    """
    found = []
    for asked, students in evidence.transferred.items():
        away = replace(evidence, students=students)
        margin = evidence.margin(asked)
        for series in level_series(away, shortest=1):
            home = evidence.levels(series.dataset, series.teacher, series.format, series.student)
            levels = [name for name in series.levels if name in home]
            if series.format != "original" or not levels:
                continue
            for supervision, there, here in _references(evidence, away, series):
                taught_here, taught_there = [home[name] for name in levels], [series.levels[name] for name in levels]
                gain_here = _gain(evidence, series, taught_here, supervision, here)
                gain_there = _gain(away, series, taught_there, supervision, there)
                lost = change(taught_here, taught_there, supervision, here, there) or _independent(
                    gain_here, gain_there
                )
                subject = (
                    f"{series.dataset} on {asked}, {series.student}, {series.teacher} against {supervision.teacher}"
                )
                reference = _CALLED[supervision.format]
                found += _statements(subject, reference, gain_here, gain_there, lost, margin)
    return found


def _references(
    home: Evidence, away: Evidence, series: LevelSeries
) -> Iterator[tuple[Supervision, Measurement, Measurement]]:
    """What a series is compared with, as measured on the other dataset and on its own: every prompt of the base model, or bare
    answers where there is none."""
    there, here = (one.measured(series.dataset, series.student) for one in (away, home))
    for format_ in (UNTAUGHT, ANSWER_ONLY):
        supervisions = [supervision for supervision in there if supervision.format == format_ and supervision in here]
        if supervisions:
            yield from ((supervision, there[supervision], here[supervision]) for supervision in supervisions)
            return


def _gain(
    evidence: Evidence,
    series: LevelSeries,
    taught: Sequence[Measurement],
    supervision: Supervision,
    reference: Measurement,
) -> Contrast:
    parts = [(1 / len(taught), one) for one in taught]
    return gain(parts, (supervision, reference), evidence.seeds(series.dataset, series.student))


def _independent(here: Contrast, there: Contrast) -> Contrast:
    """The change of a gain where the runs of both cannot be told apart one by one."""
    return combined([(1.0, there), (-1.0, here)])


def _statements(
    subject: str, reference: str, here: Contrast, there: Contrast, lost: Contrast, margin: float
) -> list[Statement]:
    interval = here.interval()
    note = f"gain at home {100 * interval.value:+.1f} points ({100 * interval.low:+.1f} to {100 * interval.high:+.1f})"
    one_run = here.one_run or there.one_run
    too = from_contrast(
        "transfers",
        subject,
        f"what was taught (mean over levels) is better than {reference} at home and on the other dataset",
        there,
        note,
        margin=margin,
    )
    whole = from_contrast(
        "transfers-whole",
        subject,
        f"the gain over {reference} is as large on the other dataset as at home, within the margin",
        lost,
        note,
        margin=margin,
    )
    at_home = here.p_greater()
    return [
        replace(too, p=max(too.p, at_home), p_pooled=None, one_run=one_run),
        replace(
            whole,
            p=max(lost.p_greater(-margin), at_home),
            p_small=1.0,
            p_pooled=None,
            power=lost.power(margin, 0.10),
            power_for="0 points",
            detectable=lost.detectable(alpha=0.10),
            one_run=one_run,
            tipping_sd=None,
            log_odds=None,
        ),
    ]
