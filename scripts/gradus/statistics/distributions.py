"""The normal distribution and Student's t, and Wilson's interval, from ``scipy.special``.

Importing ``scipy.stats`` takes most of a second, which every score, table and page would pay. The functions are those that it
calls itself, so that the numbers are the same to the last bit; a test holds them against it.
"""

from __future__ import annotations

import math

from scipy.special import ndtr, ndtri, stdtr, stdtrit


def normal_quantile(p: float) -> float:
    """Where the standard normal distribution function reaches ``p``."""
    return float(ndtri(p))


def normal_below(x: float) -> float:
    """The chance of at most ``x`` standard deviations."""
    return float(ndtr(x))


def normal_above(x: float) -> float:
    """The chance of more than ``x`` standard deviations."""
    return float(ndtr(-x))


def t_quantile(p: float, df: float) -> float:
    """Where the distribution function of Student's t reaches ``p``; ``df`` may be infinite."""
    return float(stdtrit(df, p))


def t_below(x: float, df: float) -> float:
    """The chance that Student's t is at most ``x``."""
    return float(stdtr(df, x))


def t_above(x: float, df: float) -> float:
    """The chance that Student's t is more than ``x``."""
    return t_below(-x, df)


def wilson_limits(correct: int, n: int, level: float) -> tuple[float, float]:
    """Wilson's score interval of a share (Wilson 1927; formula 3 of Newcombe 1998), within [0, 1]."""
    share, z = correct / n, normal_quantile(0.5 + 0.5 * level)
    scale = 2 * (n + z**2)
    centre = (2 * n * share + z**2) / scale
    half = z / scale * math.sqrt(4 * n * share * (1 - share) + z**2)
    return 0.0 if correct == 0 else centre - half, 1.0 if correct == n else centre + half
