"""Comparison of runs: references from scipy and statsmodels, error rates, and everything that is not shared is told."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from gradus.analysis.run_comparison import RunComparison, compare_runs
from gradus.records.runs import ItemScore, ScoredRun
from gradus.runtime.errors import UserError
from gradus.statistics.pairs import Shape, simulated_cells


def runs(side: str, scores: np.ndarray, task: str = "task", clusters: Sequence[str] | None = None) -> list[ScoredRun]:
    """A run per row of scores."""
    return [
        ScoredRun(
            f"{side}{index}",
            task,
            "score",
            {
                str(item): ItemScore(float(score), None if clusters is None else clusters[item])
                for item, score in enumerate(row)
            },
        )
        for index, row in enumerate(np.atleast_2d(scores))
    ]


def several(seed: int, tasks: Sequence[tuple[float, float]], count: int = 3, items: int = 200) -> RunComparison:
    rng = np.random.default_rng(seed)
    first, second = [], []
    for number, accuracies in enumerate(tasks):
        cells = simulated_cells(Shape(accuracies, (0.1, 0.1)), count, items, rng)
        first += runs("a", cells[0].scores, f"task {number}")
        second += runs("b", cells[1].scores, f"task {number}")
    return compare_runs(first, second)


def test_one_run_is_mcnemars_exact_test_and_gives_no_verdict() -> None:
    rng = np.random.default_rng(1)
    first, second = (rng.random((1, 300)) < 0.7).astype(float), (rng.random((1, 300)) < 0.4).astype(float)
    found = compare_runs(runs("a", first), runs("b", second)).tasks[0]
    table = [[int(((first == x) & (second == y)).sum()) for y in (1, 0)] for x in (1, 0)]
    assert found.contrast.p == pytest.approx(max(mcnemar(table, exact=True).pvalue, 1e-12), rel=1e-9)
    assert found.verdict == "one run: no verdict" and not found.is_small
    assert found.contrast.tipping_sd is not None and found.contrast.tipping_sd > 0
    assert found.needs.runs is None and found.needs.items is not None


def test_one_run_of_shares_is_the_paired_t_test() -> None:
    rng = np.random.default_rng(2)
    first, second = rng.random((1, 80)), rng.random((1, 80))
    found = compare_runs(runs("a", first), runs("b", second)).tasks[0]
    assert found.contrast.p == pytest.approx(stats.ttest_rel(first[0], second[0]).pvalue, rel=1e-9)
    assert "scores of A are not only 0 and 1" in found.notes


def test_clusters_are_those_of_a_robust_regression() -> None:
    """The variance of Liang and Zeger with the factor C / (C - 1), as statsmodels has it without its other factor."""
    rng = np.random.default_rng(3)
    labels = np.repeat(np.arange(20), 6)
    shift = rng.normal(0, 0.25, 20)[labels]
    first, second = np.clip(0.5 + shift + rng.normal(0, 0.1, 120), 0, 1), np.full(120, 0.5)
    found = compare_runs(runs("a", first, clusters=list(map(str, labels))), runs("b", second)).tasks[0]
    fit = sm.OLS(first - second, np.ones(120)).fit(
        cov_type="cluster", cov_kwds={"groups": labels, "use_correction": False}, use_t=True
    )
    assert found.contrast.standard_error == pytest.approx(float(fit.bse[0]) * np.sqrt(20 / 19), rel=1e-6)
    assert found.contrast.groups == 20
    alone = compare_runs(runs("a", first), runs("b", second)).tasks[0]
    assert alone.contrast.standard_error < found.contrast.standard_error


def test_runs_alone_are_welchs_test() -> None:
    """Where items differ by nothing but the runs' own shares, problems add nothing and Welch's test remains."""
    first, second = np.tile([[0.52], [0.50], [0.55]], (1, 50)), np.tile([[0.44], [0.47], [0.41], [0.45]], (1, 50))
    found = compare_runs(runs("a", first), runs("b", second)).tasks[0]
    welch = stats.ttest_ind(first[:, 0], second[:, 0], equal_var=False)
    assert found.contrast.p == pytest.approx(welch.pvalue, rel=1e-6)
    assert found.verdict == "first is better"


def test_p_is_adjusted_over_the_tasks_by_holm() -> None:
    found = several(4, [(0.62, 0.5), (0.5, 0.5), (0.5, 0.55), (0.4, 0.5)])
    raw = [one.contrast.p for one in found.tasks]
    assert [one.p_adjusted for one in found.tasks] == pytest.approx(list(multipletests(raw, method="holm")[1]))
    small = [one.p_small for one in found.tasks]
    assert [one.p_small_adjusted for one in found.tasks] == pytest.approx(list(multipletests(small, method="holm")[1]))
    assert found.decided == 4


def test_a_task_of_one_run_is_no_test_of_the_family() -> None:
    rng = np.random.default_rng(5)
    cells = simulated_cells(Shape((0.6, 0.5), (0.05, 0.05)), 3, 300, rng)
    first = [*runs("a", cells[0].scores, "many"), *runs("a", cells[0].scores[:1], "one")]
    second = [*runs("b", cells[1].scores, "many"), *runs("b", cells[1].scores[:1], "one")]
    found = compare_runs(first, second)
    assert found.decided == 1
    assert found.tasks[0].p_adjusted == found.tasks[0].contrast.p
    assert found.tasks[1].verdict == "one run: no verdict"


def test_the_sides_are_treated_alike() -> None:
    one, two = several(6, [(0.65, 0.5)]), None
    rng = np.random.default_rng(6)
    cells = simulated_cells(Shape((0.65, 0.5), (0.1, 0.1)), 3, 200, rng)
    two = compare_runs(runs("b", cells[1].scores, "task 0"), runs("a", cells[0].scores, "task 0"))
    assert one.tasks[0].contrast.estimate == pytest.approx(-two.tasks[0].contrast.estimate)
    assert one.tasks[0].p_adjusted == pytest.approx(two.tasks[0].p_adjusted)
    assert (one.tasks[0].verdict, two.tasks[0].verdict) == ("first is better", "second is better")


def test_equality_within_the_margin_is_shown_by_two_one_sided_tests() -> None:
    rng = np.random.default_rng(7)
    cells = simulated_cells(Shape((0.5, 0.5), (0.01, 0.01)), 4, 1500, rng)
    found = compare_runs(runs("a", cells[0].scores), runs("b", cells[1].scores), margin=0.05).tasks[0]
    assert found.verdict == "alike" and found.is_small
    strict = compare_runs(runs("a", cells[0].scores), runs("b", cells[1].scores), margin=0.001).tasks[0]
    assert strict.verdict == "too few data"


def test_equals_are_called_different_in_about_five_percent() -> None:
    found = [several(100 + seed, [(0.5, 0.5)], items=150).tasks[0].verdict for seed in range(250)]
    assert 0.01 <= np.mean([verdict.endswith("better") for verdict in found]) <= 0.085


def test_items_that_some_run_lacks_are_told_and_dropped_or_wrong() -> None:
    first, second = runs("a", np.ones((2, 10))), runs("b", np.ones((2, 10)))
    short = ScoredRun("short", "task", "score", {name: first[0].items[name] for name in list("01234567")})
    found = compare_runs([*first, short], second).tasks[0]
    assert found.contrast.n == 8
    assert found.notes[:2] == ("8 of 10 items are in every run; only these are compared", "short lacks 2 of them")
    counted = compare_runs([*first, short], second, missing="wrong").tasks[0]
    assert counted.contrast.n == 10 and counted.first.mean < counted.second.mean == 1.0


def test_runs_that_repeat_another_one_count_once() -> None:
    rng = np.random.default_rng(8)
    row = (rng.random((1, 100)) < 0.5).astype(float)
    found = compare_runs(runs("a", np.repeat(row, 3, axis=0)), runs("b", 1 - row)).tasks[0]
    assert found.first.runs == 1 and found.verdict == "one run: no verdict"
    assert any(note.startswith("2 of the 3 runs of A have the same scores") for note in found.notes)


def test_what_only_one_side_has_is_told() -> None:
    row = np.array([1.0, 0.0, 1.0])
    found = compare_runs(
        [*runs("a", row, "both"), *runs("a", row, "mine")], [*runs("b", row, "both"), *runs("b", row, "theirs")]
    )
    assert (found.only_first, found.only_second) == (("mine",), ("theirs",))
    same = compare_runs(runs("a", row), runs("a", row))
    assert same.notes == ("a0 is on both sides",)


def test_corrected_gold_answers_are_left_out_and_other_wordings_told() -> None:
    golds = [str(number) for number in range(20)]
    first = ScoredRun("a", "task", "score", {name: ItemScore(1.0, gold=name, question="Q: " + name) for name in golds})
    fixed = {name: ItemScore(1.0, gold="seven" if name == "7" else name, question=name) for name in golds}
    found = compare_runs([first], [ScoredRun("b", "task", "score", fixed)]).tasks[0]
    assert found.contrast.n == 19
    assert found.notes == (
        "items with different gold answers in the runs are left out: 1",
        "items that are worded differently in the runs (other prompts?): 20",
    )


def test_what_cannot_be_compared_is_refused() -> None:
    row = np.array([1.0, 0.0, 1.0])
    with pytest.raises(UserError, match="no task is on both sides: one of A, two of B"):
        compare_runs(runs("a", row, "one"), runs("b", row, "two"))
    other = ScoredRun("other", "task", "score", {"x": ItemScore(1.0)})
    with pytest.raises(UserError, match="no item of task is in every run"):
        compare_runs(runs("a", row), [other])
    loose = ScoredRun("loose", "task", "acc_norm", {"0": ItemScore(1.0)})
    with pytest.raises(UserError, match="has the score 'acc_norm' here and 'score' in a0"):
        compare_runs(runs("a", row), [loose])
    here = ScoredRun("here", "task", "score", {"0": ItemScore(1.0, gold="2")})
    there = ScoredRun("there", "task", "score", {"0": ItemScore(1.0, gold="4")})
    with pytest.raises(
        UserError, match="there: 1 of 1 items of task have another gold answer elsewhere, the first is 0"
    ):
        compare_runs([here], [there])
    with pytest.raises(UserError, match="item 0 is in cluster 'x' of one run and 'y' of another"):
        compare_runs(runs("a", row, clusters="xxx"), runs("b", row, clusters="yyy"))
