"""Whether the fit of supervisions to a base model, known before any training, predicts which of them teaches best.

A point is one supervision of one dataset with one student. Datasets and students differ in level for reasons of their own, so
only the order within each (dataset, student) counts: ranks are taken and centred there (a partial rank correlation). A fit is
that of a text to its reader, the student itself or one small model for all. Readers agree largely, as students do: the null
hypothesis exchanges the supervisions of a dataset for all students at once. The choice is judged as an engineer would make
it: direction and score learned on all datasets but one, the supervision chosen on that one, what it loses to the best there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

SCORES = ("surprisal", "rank", "rsr", "local_surprisal")
DRAWS = 9_999


@dataclass(frozen=True)
class Grid:
    """One dataset: ``fits`` by score, [student, supervision]; ``accuracies`` from 0 to 1, [student, supervision]."""

    dataset: str
    supervisions: tuple[str, ...]
    students: tuple[str, ...]
    fits: Mapping[str, NDArray[np.float64]]
    accuracies: NDArray[np.float64]


@dataclass(frozen=True)
class Association:
    """The partial rank correlation of one score with accuracy; ``p`` is two-sided, the others one-sided, by permutation."""

    score: str
    r: float
    p: float
    p_positive: float
    p_negative: float
    points: int
    datasets: int


@dataclass(frozen=True)
class Choice:
    """What a rule that chooses a supervision loses to the best one, in shares: mean over students, by dataset and in all."""

    rule: str
    losses: Mapping[str, float]

    @property
    def loss(self) -> float:
        """The mean over datasets."""
        return float(np.mean(list(self.losses.values())))


def association(grids: Sequence[Grid], score: str, seed: int = 0) -> Association:
    """How ranks of a score go with ranks of accuracy, within every dataset and student.

    The null is drawn ``DRAWS`` times. r is 0 and p 1 where nothing varies.
    """
    sides = [_sides(grid, score) for grid in grids]
    points = sum(grid.accuracies.size for grid in grids)
    seen = _correlation(sides)
    if seen is None:
        return Association(score, 0.0, 1.0, 1.0, 1.0, points, len(grids))
    generator = np.random.default_rng(seed)
    sums = np.zeros(DRAWS)
    for fit, accuracy in sides:  # exchanging supervisions changes neither side's length, so that sums can be compared
        products = fit.T @ accuracy  # [supervision of the fit, supervision of the accuracy], over students
        positions = np.arange(len(products))
        orders = generator.permuted(np.tile(positions, (DRAWS, 1)), axis=1)
        sums += products[orders, positions].sum(axis=1)
    together = sum(float((accuracy * fit).sum()) for fit, accuracy in sides)
    slack = 1e-9 * max(1.0, abs(together))
    two_sided = _share(np.abs(sums) >= abs(together) - slack)
    return Association(
        score,
        seen,
        two_sided,
        _share(sums >= together - slack),
        _share(sums <= together + slack),
        points,
        len(grids),
    )


def _share(beyond: NDArray[np.bool_]) -> float:
    """A p of random permutations, the observed order being one of them."""
    return (int(beyond.sum()) + 1) / (len(beyond) + 1)


def choices(grids: Sequence[Grid], usual: str = "L3") -> list[Choice]:
    """The losses of: each score, its direction learned on the other datasets; one fixed supervision; the one that is best on
    the others; a random one. A fixed choice is left out where a dataset does not have it; so is a rule that learns from
    others where there is one dataset only.
    """
    found: list[Choice] = []
    if len(grids) > 1:
        for score in SCORES:
            found.append(_choice(score, grids, partial(_by_score, score)))
        found.append(_choice("best elsewhere", grids, _best_elsewhere))
    if all(usual in grid.supervisions for grid in grids):
        found.append(_choice(f"always {usual}", grids, lambda grid, others: grid.supervisions.index(usual)))
    random = {grid.dataset: float((_best(grid) - grid.accuracies.mean(axis=1)).mean()) for grid in grids}
    return [*found, Choice("random", random)]


def _choice(
    rule: str, grids: Sequence[Grid], choose: Callable[[Grid, Sequence[Grid]], int | NDArray[np.intp]]
) -> Choice:
    losses = {}
    for grid in grids:
        chosen = choose(grid, [other for other in grids if other is not grid])
        losses[grid.dataset] = float((_best(grid) - grid.accuracies[np.arange(len(grid.students)), chosen]).mean())
    return Choice(rule, losses)


def _by_score(score: str, grid: Grid, others: Sequence[Grid]) -> NDArray[np.intp]:
    """For each student its own reader's choice."""
    direction = _correlation([_sides(other, score) for other in others]) or 0.0
    chosen: NDArray[np.intp] = np.argmax(np.sign(direction) * grid.fits[score], axis=1)
    return chosen


def _best_elsewhere(grid: Grid, others: Sequence[Grid]) -> int:
    """The supervision with the highest mean rank on the others; one that no other dataset has is not chosen."""
    ranks: dict[str, list[float]] = {}
    for other in others:
        for name, rank in zip(other.supervisions, _ranks(other.accuracies).mean(axis=0), strict=True):
            ranks.setdefault(name, []).append(float(rank))
    means = [float(np.mean(ranks[name])) if name in ranks else -np.inf for name in grid.supervisions]
    return int(np.argmax(means))


def _best(grid: Grid) -> NDArray[np.float64]:
    best: NDArray[np.float64] = grid.accuracies.max(axis=1)
    return best


def _sides(grid: Grid, score: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centred ranks of a score and of the accuracies, both [student, supervision]."""
    return _ranks(grid.fits[score]), _ranks(grid.accuracies)


def _ranks(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.stats import rankdata

    ranks: NDArray[np.float64] = rankdata(rows, axis=1)
    centred: NDArray[np.float64] = ranks - ranks.mean(axis=1, keepdims=True)
    return centred


def _correlation(sides: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]]) -> float | None:
    together = sum(float((accuracy * fit).sum()) for fit, accuracy in sides)
    left = sum(float((fit**2).sum()) for fit, _ in sides)
    right = sum(float((accuracy**2).sum()) for _, accuracy in sides)
    return together / float(np.sqrt(left * right)) if left * right > 1e-12 else None
