"""Fit as a prediction of accuracy: found where it is, not found where it is not, and judged by what a choice loses."""

import numpy as np
import pytest

from gradus.analysis.fit_prediction import SCORES, Grid, association, choices

LEVELS = ("L1", "L2", "L3", "L4", "L5", "L6")


def grid(dataset: str, fit: list[float], accuracies: list[list[float]]) -> Grid:
    students = tuple(f"s{number}" for number in range(len(accuracies)))
    return Grid(
        dataset, LEVELS, students, dict.fromkeys(SCORES, np.array([fit] * len(accuracies))), np.array(accuracies)
    )


def test_perfect_agreement_is_one_whatever_the_datasets_own_level() -> None:
    grids = [
        grid("easy", [1, 2, 3, 4, 5, 6], [[0.1, 0.2, 0.3, 0.4, 0.5, 0.6], [0.4, 0.41, 0.42, 0.43, 0.44, 0.45]]),
        grid("hard", [60, 50, 40, 30, 20, 10], [[0.06, 0.05, 0.04, 0.03, 0.02, 0.01]]),
    ]
    found = association(grids, "rsr")
    assert found.r == pytest.approx(1.0)
    assert found.p < 0.001
    assert (found.points, found.datasets) == (18, 2)


def test_opposite_datasets_cancel() -> None:
    rising = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    found = association([grid("a", [1, 2, 3, 4, 5, 6], [rising]), grid("b", [6, 5, 4, 3, 2, 1], [rising])], "rank")
    assert found.r == pytest.approx(0.0)
    assert found.p > 0.9


def test_the_null_moves_all_students_of_a_dataset_together() -> None:
    """Seven students that agree with one another by chance are one piece of evidence, not seven."""
    generator = np.random.default_rng(1)
    called = 0
    for number in range(60):
        grids = []
        for dataset in "ab":
            shared = generator.normal(size=6)
            accuracies = [list(shared + 0.1 * generator.normal(size=6)) for _ in range(7)]
            grids.append(grid(dataset, list(generator.normal(size=6)), accuracies))
        called += association(grids, "surprisal", seed=number).p < 0.05
    assert called <= 8  # 3 expected; a null that moves students apart calls about half


def test_nothing_varies() -> None:
    assert association([grid("a", [1.0] * 6, [[0.5] * 6])], "rsr").p == 1.0


def test_a_choice_learns_its_direction_elsewhere_and_is_charged_for_what_it_misses() -> None:
    rising, falling = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], [0.6, 0.5, 0.4, 0.3, 0.2, 0.1]
    grids = [
        grid("a", [1, 2, 3, 4, 5, 6], [rising]),
        grid("b", [1, 2, 3, 4, 5, 6], [rising]),
        grid("c", [1, 2, 3, 4, 5, 6], [falling]),
    ]
    found = {choice.rule: choice for choice in choices(grids)}
    assert (
        found["rsr"].losses == pytest.approx({"a": 0.0, "b": 0.0, "c": 0.5}, abs=1e-9)
        or found["rsr"].losses["c"] == 0.5
    )
    assert found["always L3"].losses == pytest.approx({"a": 0.3, "b": 0.3, "c": 0.2})
    assert found["random"].loss == pytest.approx(0.25)
    assert found["best elsewhere"].losses["c"] == pytest.approx(0.5)


def test_one_dataset_has_no_elsewhere() -> None:
    rules = {choice.rule for choice in choices([grid("a", [1, 2, 3, 4, 5, 6], [[0.1] * 6])])}
    assert rules == {"always L3", "random"}
