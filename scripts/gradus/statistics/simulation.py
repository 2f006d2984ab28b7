"""Simulated studies: how often each test errs, and what it can find, when the truth is known.

The model of a run: a problem is solved with probability Phi(a + 1.6 z + u), where z is its difficulty, u how this condition
suits it, and a is set so that the run's expected accuracy is the level's true accuracy plus the run's own luck.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from gradus.statistics.contrasts import difference
from gradus.statistics.distributions import t_above
from gradus.statistics.doses import peak, rises, saturates, valley
from gradus.statistics.families import interior_beats_both_ends, not_told_from_best, two_lines
from gradus.statistics.margin import MARGIN
from gradus.statistics.measurements import Rows, pooled_seed_variance

DIFFICULTY_SD = 1.6
# True accuracies of six levels.
TRUTHS: Mapping[str, tuple[float, ...]] = {
    "flat": (0.50, 0.50, 0.50, 0.50, 0.50, 0.50),
    "saturating": (0.40, 0.46, 0.49, 0.505, 0.51, 0.51),
    "linear": (0.45, 0.46, 0.47, 0.48, 0.49, 0.50),
    "falling": (0.51, 0.51, 0.505, 0.49, 0.46, 0.40),
    "step": (0.40, 0.50, 0.50, 0.50, 0.50, 0.50),
    "peak of 2 points": (0.44, 0.47, 0.50, 0.50, 0.49, 0.48),
    "peak of 4 points": (0.44, 0.48, 0.51, 0.50, 0.48, 0.47),
    "peak of 8 points": (0.42, 0.46, 0.50, 0.50, 0.46, 0.42),
}
MONOTONE = ("flat", "saturating", "linear", "falling", "step")


# True accuracies of six doses, and the claims that are true of each (those of the margin, 3 points).
DOSES: Mapping[str, tuple[tuple[float, ...], frozenset[str]]] = {
    "flat": ((0.50,) * 6, frozenset()),
    "falls by 4 points": ((0.50, 0.46, 0.42, 0.38, 0.34, 0.30), frozenset()),
    "rises by 4 points": ((0.30, 0.34, 0.38, 0.42, 0.46, 0.50), frozenset({"rises"})),
    "rises by 8 points": ((0.10, 0.18, 0.26, 0.34, 0.42, 0.50), frozenset({"rises"})),
    "rises by just the margin": ((0.35, 0.38, 0.41, 0.44, 0.47, 0.50), frozenset({"rises"})),
    "saturates": ((0.30, 0.40, 0.46, 0.49, 0.50, 0.50), frozenset({"saturates"})),
    "one step": ((0.40, 0.50, 0.50, 0.50, 0.50, 0.50), frozenset({"saturates"})),
    "valley of 4 points": ((0.50, 0.48, 0.46, 0.46, 0.48, 0.50), frozenset({"valley"})),
    "valley of 8 points": ((0.50, 0.46, 0.42, 0.42, 0.46, 0.50), frozenset({"valley"})),
    "falls, recovers by half": ((0.50, 0.44, 0.38, 0.38, 0.41, 0.44), frozenset({"valley"})),
    "falls and stays": ((0.50, 0.42, 0.42, 0.42, 0.42, 0.42), frozenset()),
    "peak of 4 points": ((0.46, 0.48, 0.50, 0.50, 0.48, 0.46), frozenset({"peak"})),
    "peak of 8 points": ((0.42, 0.46, 0.50, 0.50, 0.46, 0.42), frozenset({"peak"})),
}


@dataclass(frozen=True)
class Design:
    """A simulated study: runs per level, problems, standard deviation of a run's luck (shares), of a condition's effect on a
    problem (probit), and how much luckier the runs of every other level vary (1: all alike)."""

    runs: int = 3
    problems: int = 1319
    seed_sd: float = 0.01
    interaction_sd: float = 0.4
    uneven: float = 1.0


def simulated_levels(truth: Sequence[float], design: Design, rng: np.random.Generator) -> list[Rows]:
    """One study: the item rows of every level."""
    difficulty = rng.normal(0, DIFFICULTY_SD, design.problems)
    spread = np.sqrt(1 + DIFFICULTY_SD**2 + design.interaction_sd**2)
    levels = []
    for index, accuracy in enumerate(truth):
        suits = rng.normal(0, design.interaction_sd, design.problems)
        sd = design.seed_sd * (design.uneven if index % 2 else 1.0)
        targets = np.clip(accuracy + rng.normal(0, sd, design.runs), 0.001, 0.999)
        chances = ndtr(spread * ndtri(targets)[:, None] + difficulty + suits)
        levels.append(Rows((rng.random(chances.shape) < chances).astype(float)))
    return levels


def rejects_flat_pair(levels: Sequence[Rows]) -> dict[str, bool]:
    """Whether the first two levels are called different at 5 %: by our test, by a bootstrap, by McNemar on the first runs."""
    seeds = pooled_seed_variance(levels)
    first, second = levels[0], levels[1]
    one_run = [Rows(one.scores[:1]) for one in (first, second)]
    return {
        "crossed random effects": difference(first, second, seeds).p < 0.05,
        "bootstrap over runs and problems": _bootstrap_rejects(first, second),
        "McNemar on one run": difference(one_run[0], one_run[1], pooled_seed_variance(one_run)).p < 0.05,
    }


def calls_non_monotone(levels: Sequence[Rows]) -> dict[str, bool]:
    """Whether a study is called non-monotone at 5 %, by several ways."""
    seeds = pooled_seed_variance(levels)
    first, last = levels[0], levels[-1]
    inner = levels[1:-1]
    joint = interior_beats_both_ends(
        [difference(one, first, seeds) for one in inner], [difference(one, last, seeds) for one in inner]
    )
    rising, falling = two_lines(levels, seeds)
    means = np.array([one.mean for one in levels])
    return {
        "intersection-union": joint < 0.05,
        "two lines": max(rising.p_greater(), falling.p_less()) < 0.05,
        "best level is interior": 0 < int(means.argmax()) < len(levels) - 1,
        "quadratic term": _quadratic_rejects(levels),
    }


def calls_dose_shapes(doses: Sequence[Rows]) -> dict[str, bool]:
    """Which shapes a series of doses is called at 5 %, by claim."""
    seeds = pooled_seed_variance(doses)
    tests = {"rises": rises, "saturates": saturates, "valley": valley, "peak": peak}
    return {claim: test(doses, seeds, MARGIN).p < 0.05 for claim, test in tests.items()}


def dose_rates(truth: str, design: Design, studies: int, seed: int = 0) -> dict[str, float]:
    """The share of simulated studies in which a curve of ``DOSES`` is called each shape."""
    return rates(calls_dose_shapes, DOSES[truth][0], design, studies, seed)


def keeps_the_best(levels: Sequence[Rows], truth: Sequence[float]) -> dict[str, bool]:
    """Whether the truly best level (of equals the first) is in the set not told from the best, and is the best mean."""
    kept = not_told_from_best(dict(enumerate(levels)), pooled_seed_variance(levels))
    winner = truth.index(max(truth))
    return {"set": winner in kept, "best mean alone": winner == int(np.argmax([level.mean for level in levels]))}


def rates(
    question: Callable[[Sequence[Rows]], Mapping[str, bool]],
    truth: Sequence[float],
    design: Design,
    studies: int,
    seed: int = 0,
) -> dict[str, float]:
    """The share of simulated studies in which each way says yes."""
    rng = np.random.default_rng(seed)
    answers = [question(simulated_levels(truth, design, rng)) for _ in range(studies)]
    return {name: float(np.mean([answer[name] for answer in answers])) for name in answers[0]}


def _bootstrap_rejects(first: Rows, second: Rows, resamples: int = 400) -> bool:
    """The percentile bootstrap that resamples runs, then problems."""
    rng = np.random.default_rng(1)
    runs, n = first.scores.shape
    gaps = []
    for _ in range(resamples):
        items = rng.integers(n, size=n)
        sides = [one.scores[rng.integers(runs, size=runs)][:, items].mean() for one in (first, second)]
        gaps.append(sides[0] - sides[1])
    low, high = np.quantile(gaps, [0.025, 0.975])
    return bool(low > 0 or high < 0)


def _quadratic_rejects(levels: Sequence[Rows]) -> bool:
    """The common way: a significantly negative quadratic term over the runs' means."""
    positions = np.repeat(np.arange(len(levels), dtype=float), [level.runs for level in levels])
    values = np.concatenate([level.scores.mean(axis=1) for level in levels])
    design = np.stack([np.ones_like(positions), positions, positions**2], axis=1)
    fit, *_ = np.linalg.lstsq(design, values, rcond=None)
    df = len(values) - 3
    variance = float(((values - design @ fit) ** 2).sum()) / df
    error = np.sqrt(variance * np.linalg.inv(design.T @ design)[2, 2])
    return bool(fit[2] < 0 and t_above(-fit[2] / error, df) < 0.025)
