"""Doses: the shape of accuracy over several doses in their order, tested so that no other shape passes for it.

Each shape is an intersection of simple statements, and every one of them must hold (intersection-union: the largest p counts).
Where the place of a turn is free, each place is tried and the smallest p counts as often as there are places (Bonferroni). So a
shape is found in at most 5 % of studies of any curve that is not of it, whatever that curve is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gradus.statistics.contrasts import Contrast, difference
from gradus.statistics.families import every_interior_is_below_an_end, interior_beats_both_ends
from gradus.statistics.measurements import Measurement, SeedVariance


@dataclass(frozen=True)
class Tested:
    """How much speaks for a shape (``p``), against it by more than the margin, and for nothing beyond the margin.

    ``gaps`` are the differences that it rests on, the one that decides first.
    """

    gaps: tuple[Contrast, ...]
    p: float
    p_against: float
    p_small: float


def rises(doses: Sequence[Measurement], seeds: SeedVariance, margin: float) -> Tested:
    """It rises to the end: the largest dose is better than every smaller one, and every larger one better than the smallest.

    Against it speaks a dose that is below a smaller one of these pairs by more than the margin.
    """
    first, *inner, last = doses
    gaps = [difference(last, one, seeds) for one in (first, *inner)] + [difference(one, first, seeds) for one in inner]
    gaps.sort(key=lambda gap: -gap.p_greater())
    return Tested(
        tuple(gaps),
        max(gap.p_greater() for gap in gaps),
        min(1.0, len(gaps) * min(gap.p_less(-margin) for gap in gaps)),
        max(_within(gap, margin) for gap in gaps),
    )


def saturates(doses: Sequence[Measurement], seeds: SeedVariance, margin: float) -> Tested:
    """It rises, and the last step gains and loses nothing beyond the margin.

    The last two doses are better than the smallest and within the margin of each other; no other one is below the smallest, or
    above the largest, by more than it. A plateau that begins earlier is one at the end too, so nothing is counted for its place.
    Against it speaks a last step beyond the margin, or a largest dose that is below the smallest by more than it.
    """
    first, *middle, last = doses
    whole, end = difference(last, first, seeds), difference(last, middle[-1], seeds)
    gain, others = difference(middle[-1], first, seeds), middle[:-1]
    gains, rests = ([difference(one, edge, seeds) for one in others] for edge in (first, last))
    parts = [
        whole.p_greater(),
        gain.p_greater(),
        _within(end, margin),
        *(gap.p_greater(-margin) for gap in gains),
        *(gap.p_less(margin) for gap in rests),
    ]
    return Tested(
        (whole, gain, end, *gains, *rests),
        max(parts),
        min(1.0, 3 * min(end.p_greater(margin), end.p_less(-margin), whole.p_less(-margin))),
        max(_within(gap, margin) for gap in (whole, gain, *gains)),
    )


def peak(doses: Sequence[Measurement], seeds: SeedVariance, margin: float) -> Tested:
    """Some middle dose is better than both ends."""
    return _turn(doses, seeds, margin, over=True)


def valley(doses: Sequence[Measurement], seeds: SeedVariance, margin: float) -> Tested:
    """It falls, then recovers: some middle dose is worse than both ends."""
    return _turn(doses, seeds, margin, over=False)


def _turn(doses: Sequence[Measurement], seeds: SeedVariance, margin: float, over: bool) -> Tested:
    """From each middle dose's lead over the first and over the last dose (or theirs over it)."""
    first, *inner, last = doses
    sides = [[difference(one, end, seeds) for one in inner] for end in (first, last)]
    against_first, against_last = sides if over else ([gap.mirrored for gap in side] for side in sides)
    pairs = list(zip(against_first, against_last, strict=True))
    best = max(pairs, key=lambda pair: min(gap.estimate for gap in pair))
    gaps = sorted(best, key=lambda gap: gap.estimate)
    return Tested(
        (*gaps, *(gap for pair in pairs if pair is not best for gap in pair)),
        interior_beats_both_ends(against_first, against_last),
        every_interior_is_below_an_end(against_first, against_last, -margin),
        every_interior_is_below_an_end(against_first, against_last, margin),
    )


def _within(gap: Contrast, margin: float) -> float:
    """p of a difference within the margin (two one-sided tests)."""
    return max(gap.p_less(margin), gap.p_greater(-margin))
