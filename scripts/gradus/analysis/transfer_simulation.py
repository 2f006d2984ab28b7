"""Simulated transfer: how often gains on another dataset, and their loss, are said wrongly, and found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from gradus.analysis.claims.statements import judged
from gradus.analysis.claims.transfers import transfers
from gradus.analysis.evidence import Evidence
from gradus.records import Supervision
from gradus.records.vocabulary import LEVELS, NATIVE, UNTAUGHT
from gradus.statistics.measurements import Measurement, Rows
from gradus.statistics.simulation import DIFFICULTY_SD

_BASE = 0.35
# The gains at home and on the other dataset, and what is true of them (with a margin of 3 points).
TRANSFERS: Mapping[str, tuple[tuple[float, float], frozenset[str]]] = {
    "no gain on either": ((0.0, 0.0), frozenset()),
    "10 points at home alone": ((0.10, 0.0), frozenset({"lost"})),
    "10 points elsewhere alone": ((0.0, 0.10), frozenset()),
    "10 at home, 5 elsewhere": ((0.10, 0.05), frozenset({"transfers", "lost"})),
    "10 at home, 7 elsewhere": ((0.10, 0.07), frozenset({"transfers"})),
    "10 on both": ((0.10, 0.10), frozenset({"transfers", "whole"})),
    "10 at home, 6 lost elsewhere": ((0.10, -0.06), frozenset({"harms", "lost"})),
    "10 at home, 3 lost elsewhere": ((0.10, -0.03), frozenset({"lost"})),
}


@dataclass(frozen=True)
class TransferDesign:
    """A simulated study of transfer: runs and levels, problems of each dataset, the sd of a run's luck (shares), of which
    ``shared`` (-1 to 1) is that of the correlation between the two datasets, and of how conditions suit problems (probit)."""

    runs: int = 3
    levels: int = 3
    problems: int = 300
    seed_sd: float = 0.02
    shared: float = 0.5
    interaction_sd: float = 0.4


def simulated_transfer(gains: tuple[float, float], design: TransferDesign, rng: np.random.Generator) -> Evidence:
    """One student that was taught at home, and asked at home and away, beside its untaught self."""
    covariance = design.seed_sd**2 * np.array([[1.0, design.shared], [design.shared, 1.0]])
    luck = rng.multivariate_normal((0.0, 0.0), covariance, (design.levels, design.runs))
    measured: list[dict[tuple[Supervision, str], Measurement]] = []
    for side, gain in enumerate(gains):
        difficulty = rng.normal(0, DIFFICULTY_SD, design.problems)
        found: dict[tuple[Supervision, str], Measurement] = {}
        untaught = Supervision("home", "none", UNTAUGHT, NATIVE)
        found[untaught, "s"] = _rows(np.array([_BASE]), difficulty, design, rng)
        for level in range(design.levels):
            supervision = Supervision("home", "t", "original", LEVELS[level])
            found[supervision, "s"] = _rows(_BASE + gain + luck[level, :, side], difficulty, design, rng)
        measured.append(found)
    home, away = measured
    return Evidence(home, transferred={"away": away})


def _rows(accuracies: np.ndarray, difficulty: np.ndarray, design: TransferDesign, rng: np.random.Generator) -> Rows:
    spread = np.sqrt(1 + DIFFICULTY_SD**2 + design.interaction_sd**2)
    suits = rng.normal(0, design.interaction_sd, design.problems)
    chances = ndtr(spread * ndtri(np.clip(accuracies, 0.001, 0.999))[:, None] + difficulty + suits)
    return Rows((rng.random(chances.shape) < chances).astype(float))


def transfer_rates(truth: str, design: TransferDesign, studies: int, seed: int = 0) -> dict[str, float]:
    """The share of simulated studies in which each is said: that the gain transfers, that it turns into harm, that it is whole,
    that it is lost beyond the margin."""
    rng = np.random.default_rng(seed)
    said = []
    for _ in range(studies):
        too, whole = judged(transfers(simulated_transfer(TRANSFERS[truth][0], design, rng)))
        said.append(
            {
                "transfers": too.verdict == "supported",
                "harms": too.verdict == "contradicted",
                "whole": whole.verdict == "supported",
                "lost": whole.verdict == "contradicted",
            }
        )
    return {name: float(np.mean([one[name] for one in said])) for name in said[0]}
