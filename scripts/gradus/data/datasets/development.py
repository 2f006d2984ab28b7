"""The development split: problems taken from a training split before anything else, so that choices need no test problem."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from gradus.records import Problem
from gradus.records.vocabulary import Split
from gradus.runtime.errors import UserError
from gradus.study.config.datasets import Development


def _all_alike(_: Problem) -> str:
    return ""


def side(
    problems: Sequence[Problem],
    split: Split,
    settings: Development,
    kin: Callable[[Problem], str],
    stratum: Callable[[Problem], str] = _all_alike,
) -> list[Problem]:
    """One side (``train`` or ``development``) of a source's training problems, in its order.

    ``kin`` names what may not be on both sides: the question, so that none is trained on that is asked for a choice, or the
    structure of a generated problem. The share is of all problems, dealt to every ``stratum`` (the numbers of steps) by
    largest remainders: of each, kin in a seeded order, each that does not exceed its part. Raises UserError where a side
    would be empty.
    """
    chosen = _chosen(problems, settings.share, f"development/{settings.seed}", kin, stratum)
    found = [problem for problem in problems if (kin(problem) in chosen) == (split == "development")]
    if not found:
        raise UserError(
            f"a share of {settings.share} of {len(problems)} training problems leaves no problem for {split}",
            where=f"dataset {problems[0].dataset}, development.share" if problems else "development.share",
        )
    return [replace(problem, split=split) for problem in found]


def drawn_for(
    problems: Sequence[Problem], split: Split, share: float, seed: int, kin: Callable[[Problem], str]
) -> list[Problem]:
    """The problems of ``train`` or ``test`` where nobody divided them: a seeded share for testing, kin on one side.

    Raises UserError where a side would be empty.
    """
    chosen = _chosen(problems, share, f"test/{seed}", kin, _all_alike)
    found = [problem for problem in problems if (kin(problem) in chosen) == (split == "test")]
    if not found:
        where = f"dataset {problems[0].dataset}, splits.test_share" if problems else "splits.test_share"
        hint = "the same question stays on one side; give more rows, or name files for training and test"
        raise UserError(
            f"a test share of {share} of {len(problems)} problems leaves none for {split}", where=where, hint=hint
        )
    return found


def _chosen(
    problems: Sequence[Problem],
    share: float,
    draw: str,
    kin: Callable[[Problem], str],
    stratum: Callable[[Problem], str],
) -> set[str]:
    sizes: dict[str, dict[str, int]] = {}
    for problem in problems:
        families = sizes.setdefault(stratum(problem), {})
        families[kin(problem)] = families.get(kin(problem), 0) + 1
    chosen: set[str] = set()
    parts = _parts(max(1, round(share * len(problems))), {name: sum(own.values()) for name, own in sizes.items()})
    for name, families in sorted(sizes.items()):
        wanted = parts[name]
        order = sorted(families)
        random.Random(f"{draw}/{name}").shuffle(order)
        taken = 0
        for family in order:
            if taken + families[family] <= wanted:
                chosen.add(family)
                taken += families[family]
    return chosen


def _parts(total: int, sizes: Mapping[str, int]) -> dict[str, int]:
    """``total`` dealt in proportion to the sizes: whole parts first, what is left by largest remainders, then by name."""
    exact = {name: Fraction(total * size, sum(sizes.values())) for name, size in sizes.items()}
    found = {name: int(part) for name, part in exact.items()}
    by_remainder = sorted(sizes, key=lambda name: (found[name] - exact[name], name))
    for name in by_remainder[: total - sum(found.values())]:
        found[name] += 1
    return found
