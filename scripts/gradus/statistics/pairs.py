"""Pairs: simulated studies in which two conditions are equally good, and how often each test calls them different.

The other conditions of the study matter only to a variance that is pooled over all of them. A problem is solved with
probability Phi(a + 1.6 z + u + e): z is its difficulty, u how this condition suits it (sd 0.4), e the run's luck, and a makes
the expected accuracy exactly the condition's own. e is in probit units: an sd of 0.1 is about 2 points at 50 %.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from gradus.statistics.contrasts import difference
from gradus.statistics.families import chosen_confidence, chosen_interval, not_told_from_best
from gradus.statistics.measurements import Rows, pooled_seed_variance

DIFFICULTY_SD, SUIT_SD = 1.6, 0.4
ANSWERS_ALONE = 0.35  # the true accuracy of the baseline that the best is compared with


@dataclass(frozen=True)
class Shape:
    """The conditions of a study: their true accuracies, the sd of their runs' luck (probit) and their runs; the first two are the
    pair. ``runs`` of None are those of the line."""

    accuracies: tuple[float, ...]
    run_sds: tuple[float, ...]
    runs: tuple[int | None, ...] = ()


def _two(accuracy: float) -> Shape:
    return Shape((accuracy,) * 2, (0.1,) * 2)


SHAPES: Mapping[str, Shape] = {
    "two conditions at 2 %": _two(0.02),
    "two conditions at 50 %": _two(0.5),
    "two conditions at 97 %": _two(0.97),
    "six alike": Shape((0.5,) * 6, (0.1,) * 6),
    "the pair at 50 %, four others at 2 %": Shape((0.5, 0.5, *[0.02] * 4), (0.1,) * 6),
    "the pair at 2 %, four others at 50 %": Shape((0.02, 0.02, *[0.5] * 4), (0.1,) * 6),
    "the pair noisy (0.3), four others quiet (0.05)": Shape((0.5,) * 6, (0.3, 0.3, *[0.05] * 4)),
    "the pair quiet (0.05), four others noisy (0.3)": Shape((0.5,) * 6, (0.05, 0.05, *[0.3] * 4)),
    "one of the pair noisy (0.3), all others quiet (0.05)": Shape((0.5,) * 6, (0.3, *[0.05] * 5)),
    "the pair at 30 %, two others at 7 %, sd 0.2": Shape((0.3, 0.3, 0.067, 0.07), (0.2,) * 4),
}
# Shapes in which the pair's second condition has one run: nothing is decided about them.
SINGLE: Mapping[str, Shape] = {
    "the second has one run and varies like all": Shape((0.5,) * 6, (0.1,) * 6, (None, 1, *[None] * 4)),
    "the second has one run and is 3 times as noisy": Shape((0.5,) * 6, (0.1, 0.3, *[0.1] * 4), (None, 1, *[None] * 4)),
}


def simulated_cells(shape: Shape, runs: int, problems: int, rng: np.random.Generator) -> list[Rows]:
    """One study: the item rows of every condition."""
    difficulty = rng.normal(0, DIFFICULTY_SD, problems)
    found = []
    for index, (accuracy, run_sd) in enumerate(zip(shape.accuracies, shape.run_sds, strict=True)):
        asked = (shape.runs[index] if shape.runs else None) or runs
        scale = np.sqrt(1 + DIFFICULTY_SD**2 + SUIT_SD**2 + run_sd**2)
        luck = rng.normal(0, run_sd, asked)[:, None]
        chances = ndtr(scale * ndtri(accuracy) + difficulty + rng.normal(0, SUIT_SD, problems) + luck)
        found.append(Rows((rng.random(chances.shape) < chances).astype(float)))
    return found


def calls_different(cells: Sequence[Rows]) -> dict[str, bool]:
    """Whether the pair is called different at 5 %: with each cell's own variance over runs, and with one that is pooled."""
    found = difference(cells[0], cells[1], pooled_seed_variance(cells))
    pooled = found.p_pooled
    return {"own variance": found.p < 0.05, "pooled": pooled is not None and pooled < 0.05}


def pair_rates(shape: Shape, runs: int, problems: int, studies: int, seed: int = 0) -> dict[str, float]:
    """The share of studies in which each test calls the pair different."""
    rng = np.random.default_rng(seed)
    answers = [calls_different(simulated_cells(shape, runs, problems, rng)) for _ in range(studies)]
    return {name: float(np.mean([answer[name] for answer in answers])) for name in answers[0]}


# Shapes whose first condition is the best (of equals: one of the best).
BESTS: Mapping[str, Shape] = {
    "six alike": Shape((0.5,) * 6, (0.1,) * 6),
    "six alike, the best noisy (0.4), others quiet (0.05)": Shape((0.5,) * 6, (0.4, *[0.05] * 5)),
    "eight, the best by 2 points and noisy (0.4)": Shape((0.52, *[0.5] * 7), (0.4, *[0.05] * 7)),
    "six, the best at 30 % and noisy (0.3), three at 5 %": Shape(
        (0.3, 0.28, 0.28, 0.05, 0.05, 0.05), (0.3, *[0.1] * 5)
    ),
}


def set_rates(shape: Shape, runs: int, problems: int, studies: int, seed: int = 0) -> dict[str, float]:
    """The share of studies whose recommended set holds the truly best condition, in which it has the best mean, and in which the
    intervals of the best mean (chosen among all) cover the true accuracy of the condition that was chosen, and its gain over
    answers alone, which are no candidate."""
    rng = np.random.default_rng(seed)
    held, highest, covered, gained = [], [], [], []
    whole = Shape((*shape.accuracies, ANSWERS_ALONE), (*shape.run_sds, 0.1))
    for _ in range(studies):
        *cells, alone = simulated_cells(whole, runs, problems, rng)
        seeds = pooled_seed_variance([*cells, alone])
        held.append(0 in not_told_from_best(dict(enumerate(cells)), seeds))
        chosen = int(np.argmax([cell.mean for cell in cells]))
        highest.append(chosen == 0)
        interval = chosen_interval(cells[chosen], len(cells), seeds)
        covered.append(interval.low <= shape.accuracies[chosen] <= interval.high)
        gain = difference(cells[chosen], alone, seeds).interval(chosen_confidence(len(cells)))
        gained.append(gain.low <= shape.accuracies[chosen] - ANSWERS_ALONE <= gain.high)
    return {
        "the set holds the best": float(np.mean(held)),
        "the best mean is the best": float(np.mean(highest)),
        "its accuracy is covered": float(np.mean(covered)),
        "its gain over answers alone is covered": float(np.mean(gained)),
    }
