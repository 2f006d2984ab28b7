"""Power of a comparison that has not been run: what it can find, and how many runs it takes.

Two conditions are tested on the same problems in several runs each, as ``contrasts`` tests them: what runs vary, what problems
add beyond that, Satterthwaite's degrees of freedom.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, ndtr, ndtri, stdtrit

from gradus.statistics.contrasts import TWO_RUNS

MOST_RUNS = 30
# Values of each cell's variance that are looked at.
DRAWS = 60


@dataclass(frozen=True)
class Noise:
    """What accuracies (0 to 1) vary: the sd over runs of one condition on the same problems, and the variance over problems of
    how much better the first condition suits them. ``source`` says where both are from."""

    run_sd: float
    item_variance: float
    source: str


def interaction_variance(accuracy: float, suit_sd: float = 0.4, difficulty_sd: float = 1.6) -> float:
    """The variance over problems of the difference of two equal conditions' chances, in the model of ``pairs``."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(41)
    weights = weights / weights.sum()
    middle = float(ndtri(accuracy)) * np.sqrt(1 + difficulty_sd**2 + suit_sd**2)
    chances = ndtr(middle + difficulty_sd * nodes[:, None] + suit_sd * nodes[None, :])
    within = (chances**2) @ weights - (chances @ weights) ** 2
    return float(2 * weights @ within)


def power(effect: float, runs: int, problems: int, noise: Noise, tests: int = 1) -> float:
    """The chance that a true ``effect`` is found at 5 % two-sided, divided among ``tests``; 0 from one run."""
    if runs < 2:
        return 0.0
    return _chance(effect, _error(runs, problems, noise), _thresholds(runs, problems, noise, tests))


def detectable(runs: int, problems: int, noise: Noise, tests: int = 1, wanted: float = 0.8) -> float | None:
    """The smallest true effect that is found with the ``wanted`` power; None from one run."""
    if runs < 2:
        return None
    error, thresholds = _error(runs, problems, noise), _thresholds(runs, problems, noise, tests)
    low, high = 0.0, float(thresholds.max()) + 10 * error
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (middle, high) if _chance(middle, error, thresholds) < wanted else (low, middle)
    return high


def _error(runs: int, problems: int, noise: Noise) -> float:
    """The true standard error of the difference."""
    return math.sqrt(2 * noise.run_sd**2 / runs + noise.item_variance / problems)


def _thresholds(runs: int, problems: int, noise: Noise, tests: int) -> NDArray[np.float64]:
    """The difference that is just significant, for equally likely pairs of the two variances that so few runs may show.

    Of two or three runs these scatter widely, and the degrees of freedom with them: a test with the true variance and its
    degrees of freedom would seem to find more, by 6 points with three runs and 15 with two.
    """
    chi_squared = 2 * gammaincinv((runs - 1) / 2, (np.arange(DRAWS) + 0.5) / DRAWS)
    shown = chi_squared / (runs - 1) * noise.run_sd**2 / runs
    first, second = shown[:, None], shown[None, :]
    by_item = noise.item_variance / problems
    total = first + second + by_item
    df = total**2 / ((first**2 + second**2) / (runs - 1) + by_item**2 / (problems - 1))
    df *= TWO_RUNS if runs == 2 else 1.0
    return np.asarray(stdtrit(np.maximum(df, 1.0), 1 - 0.025 / tests) * np.sqrt(total)).ravel()


def _chance(effect: float, error: float, thresholds: NDArray[np.float64]) -> float:
    return float(ndtr((effect - thresholds) / error).mean())


def runs_needed(effect: float, problems: int, noise: Noise, tests: int = 1, wanted: float = 0.8) -> int | None:
    """The fewest runs of each condition that find a true ``effect`` with the ``wanted`` power; None above ``MOST_RUNS``."""
    for runs in range(2, MOST_RUNS + 1):
        if power(effect, runs, problems, noise, tests) >= wanted:
            return runs
    return None
