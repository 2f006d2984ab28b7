"""Intervals, contrasts and families: against known values, against other libraries, and under simulation."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from gradus.statistics.contrasts import combined, contrast, difference
from gradus.statistics.correlations import ranks, within_groups
from gradus.statistics.families import chosen_interval, holm, not_told_from_best, slope
from gradus.statistics.intervals import wilson
from gradus.statistics.measurements import Rows, SeedVariance, Summary, pooled_seed_variance
from gradus.statistics.pairs import BESTS, SHAPES, pair_rates, set_rates
from gradus.statistics.simulation import (
    MONOTONE,
    TRUTHS,
    Design,
    calls_non_monotone,
    keeps_the_best,
    rates,
    rejects_flat_pair,
    simulated_levels,
)

NO_SEEDS = SeedVariance(math.nan, 0)


def rows(*runs: list[int]) -> Rows:
    return Rows(np.array(runs, dtype=float))


def test_wilson_against_a_published_value() -> None:
    interval = wilson(15, 148)  # Newcombe 1998, Table I: 0.0624 to 0.1605
    assert interval.low == pytest.approx(0.0624, abs=1e-4)
    assert interval.high == pytest.approx(0.1605, abs=1e-4)


def test_what_is_no_measurement_is_refused() -> None:
    with pytest.raises(ValueError, match="no observation"):
        wilson(0, 0)
    with pytest.raises(ValueError, match="at least one"):
        Rows(np.zeros((0, 3)))
    with pytest.raises(ValueError, match="same problems"):
        difference(rows([1, 0]), rows([1, 0, 1]), NO_SEEDS)


def test_one_run_is_an_exact_mcnemar_test_of_two_checkpoints() -> None:
    first, second = rows([1] * 8 + [0] * 2 + [1] * 10), rows([0] * 8 + [1] * 2 + [1] * 10)
    gap = difference(first, second, NO_SEEDS)
    assert gap.speaks_of == "these two checkpoints"
    assert gap.p == pytest.approx(stats.binomtest(8, 10).pvalue)
    assert gap.p_greater() == pytest.approx(stats.binomtest(8, 10, alternative="greater").pvalue)
    assert gap.estimate == pytest.approx(0.3)
    assert gap.interval().low < 0.3 < gap.interval().high
    nobody = difference(first, first, NO_SEEDS)
    assert nobody.p == 1.0 and nobody.interval().low < 0 < nobody.interval().high


def test_printed_means_are_welchs_t_test_and_the_pooled_one_stands_beside() -> None:
    """Two conditions of three runs: t from summary statistics."""
    first, second = Summary(0.50, 0.010, 3), Summary(0.47, 0.014, 3)
    gap = difference(first, second, pooled_seed_variance([first, second]))
    known = stats.ttest_ind_from_stats(0.50, 0.010, 3, 0.47, 0.014, 3, equal_var=False)
    assert gap.p == pytest.approx(known.pvalue)
    pooled = stats.ttest_ind_from_stats(0.50, 0.010, 3, 0.47, 0.014, 3)
    assert gap.p_pooled == pytest.approx(pooled.pvalue)
    assert gap.reach == "conditions on these problems"


def test_printed_single_runs_are_unpaired_and_unknown_sizes_say_nothing() -> None:
    gap = difference(Summary(0.5, None, 1, 300), Summary(0.4, None, 1, 300), NO_SEEDS)
    assert gap.speaks_of == "these two checkpoints" and 0.01 < gap.p < 0.03
    silent = difference(Summary(0.9, None, 1), Summary(0.1, None, 1), NO_SEEDS)
    assert (silent.reach, silent.p, silent.power(0.5), silent.detectable()) == ("nothing", 1.0, 0.0, None)
    assert (silent.interval().low, silent.interval().high) == (-1.0, 1.0)


def test_runs_that_did_not_vary_leave_no_certainty() -> None:
    """Equal run means of different problems: the standard error is that of the problems' own noise, never 0."""
    first, second = np.zeros((2, 50)), np.zeros((2, 50))
    first[0, 0] = first[1, 1] = 1
    second[0, 2:5] = second[1, 5:8] = 1
    gap = difference(Rows(first), Rows(second), pooled_seed_variance([Rows(first), Rows(second)]))
    assert gap.estimate == pytest.approx(-0.04) and gap.standard_error > 0.02 and gap.p > 0.1
    floor = Rows(np.zeros((3, 50)))
    assert difference(floor, floor, NO_SEEDS).p == 1.0 and difference(floor, floor, NO_SEEDS).standard_error > 0.005
    printed = difference(Summary(0.02, 0.0, 3, 50), Summary(0.04, 0.0, 3, 50), NO_SEEDS)
    assert printed.p > 0.1
    unknown = difference(Summary(0.02, 0.0, 3), Summary(0.04, 0.0, 3), NO_SEEDS)
    assert (unknown.reach, unknown.p) == ("nothing", 1.0)


def test_identical_runs_are_one_run() -> None:
    """One checkpoint decoded three times is one run; a student that solves nothing in any run is not."""
    rng = np.random.default_rng(0)
    one, other = (rng.random((3, 100)) < 0.4).astype(float), (rng.random(100) < 0.5).astype(float)
    same = Rows(np.stack([other] * 3))
    assert (same.runs, same.repeated) == (1, 2)
    gap = difference(Rows(one), same, pooled_seed_variance([Rows(one), same]))
    assert gap.runs == 1 and gap.one_run
    both = difference(same, Rows(np.stack([one[0]] * 3)), NO_SEEDS)
    assert both.speaks_of == "these two checkpoints" and both.discordant is not None
    nothing = Rows(np.zeros((3, 100)))
    assert (nothing.runs, nothing.repeated) == (3, 0)


def test_a_cell_of_one_run_borrows_and_says_so() -> None:
    several, single = Summary(0.50, 0.02, 3, 500), Summary(0.40, None, 1, 500)
    gap = difference(several, single, SeedVariance(0.02**2, 10))
    assert gap.one_run and gap.speaks_of == "conditions on these problems, if single runs vary like the others"
    assert gap.standard_error == pytest.approx(0.02 * math.sqrt(4 / 3))
    assert gap.tipping_sd == pytest.approx(math.sqrt((0.1 / 1.959964) ** 2 - 0.02**2 / 3))
    whole = difference(several, several, SeedVariance(0.02**2, 10))
    assert not whole.one_run and whole.tipping_sd is None


def test_agresti_and_mins_interval_has_its_own_centre_and_stays_in_range() -> None:
    first, second = rows([1] * 19 + [0]), rows([0] * 19 + [0])
    interval = difference(first, second, NO_SEEDS).interval()
    assert interval.high == 1.0 and interval.low == pytest.approx(0.675, abs=0.02)
    assert interval.value == pytest.approx(0.95)


def test_the_tipping_sd_is_seldom_above_the_true_one() -> None:
    """Two equal conditions, one run each: their difference would be called one for other seeds only by an sd that is too high."""
    rng = np.random.default_rng(3)
    sd, above = 0.03, 0
    for _ in range(400):
        pair = simulated_levels((0.5, 0.5), Design(runs=1, problems=300, seed_sd=sd), rng)
        above += (difference(pair[0], pair[1], NO_SEEDS).tipping_sd or 0.0) > sd
    assert above / 400 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 400)


@pytest.mark.parametrize("runs", [2, 3])
@pytest.mark.parametrize(
    "shape", ["the pair at 50 %, four others at 2 %", "the pair noisy (0.3), four others quiet (0.05)"]
)
def test_equal_conditions_are_rarely_called_different_whatever_the_others_do(shape: str, runs: int) -> None:
    """Each cell's own variance holds 5 %; the pooled one does not."""
    found = pair_rates(SHAPES[shape], runs, 254, 300, seed=1)
    assert found["own variance"] <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 300)
    assert found["pooled"] > 0.1


def test_the_set_holds_a_noisy_best_and_its_interval_knows_that_it_was_chosen() -> None:
    found = set_rates(BESTS["six alike, the best noisy (0.4), others quiet (0.05)"], 3, 254, 100, seed=1)
    assert found["the set holds the best"] >= 0.9 and found["its accuracy is covered"] >= 0.9


def test_several_runs_agree_with_a_mixed_model() -> None:
    """statsmodels' REML with runs and problems as crossed effects, on one balanced study."""
    import pandas
    import statsmodels.formula.api as smf

    design = Design(problems=60, runs=6, seed_sd=0.1, interaction_sd=2.0)
    levels = simulated_levels((0.45, 0.55), design, np.random.default_rng(4))
    gap = difference(levels[1], levels[0], pooled_seed_variance(levels))
    table = [
        {
            "y": levels[side].scores[run, item],
            "side": side,
            "run": f"{side}-{run}",
            "item": item,
            "both": f"{side}-{item}",
        }
        for side in range(2)
        for run in range(6)
        for item in range(60)
    ]
    data = pandas.DataFrame(table).assign(everything=1)
    parts = {"run": "0 + C(run)", "item": "0 + C(item)", "both": "0 + C(both)"}
    fit = smf.mixedlm("y ~ side", data, groups="everything", vc_formula=parts).fit(method="lbfgs")
    assert gap.estimate == pytest.approx(fit.params["side"])
    assert gap.standard_error == pytest.approx(fit.bse["side"], rel=0.02)


def test_power_and_detectable_difference_belong_together() -> None:
    levels = simulated_levels((0.5, 0.5), Design(), np.random.default_rng(1))
    first, second = levels
    gap = difference(first, second, pooled_seed_variance(levels))
    detectable = gap.detectable()
    assert detectable is not None and gap.power(detectable) == pytest.approx(0.8, abs=0.02)
    assert gap.power(0.0) == pytest.approx(0.025, abs=1e-3)


def test_a_combination_of_independent_contrasts() -> None:
    measured = [Summary(0.5, 0.02, 3), Summary(0.4, 0.02, 3)]
    gap = difference(measured[0], measured[1], pooled_seed_variance(measured))
    both = combined([(0.5, gap), (0.5, gap)])
    assert both.estimate == pytest.approx(gap.estimate)
    assert both.standard_error == pytest.approx(gap.standard_error / math.sqrt(2)) and both.df == pytest.approx(8)


def test_a_slope_is_the_least_squares_one() -> None:
    values = [0.2, 0.5, 0.4, 0.7]
    found = slope([Summary(value, 0.01, 3) for value in values], SeedVariance(0.0001, 8))
    assert found.estimate == pytest.approx(np.polyfit(range(4), values, 1)[0])
    assert contrast([(1.0, Summary(0.3, None, 1, 10))], NO_SEEDS).estimate == pytest.approx(0.3)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []
    from statsmodels.stats.multitest import multipletests

    many = [float(p) for p in np.random.default_rng(0).uniform(0, 0.2, 20)]
    assert holm(many) == pytest.approx(list(multipletests(many, method="holm")[1]))


def test_partial_correlation_within_groups() -> None:
    """Simpson's paradox: the groups' difficulty says one thing, within them the other."""
    groups, x, y = ["a"] * 4 + ["b"] * 4, [1, 2, 3, 4, 11, 12, 13, 14], [4, 3, 2, 1.5, 14, 13, 12, 11]
    assert within_groups(["all"] * 8, x, y).r > 0.9
    inside = within_groups(groups, x, y)
    assert inside.r < -0.9 and inside.p_negative < 0.01 and inside.interval.high < 0
    plain = within_groups(["all"] * 9, [*x, 5], [*y, 6])
    assert plain.p_positive == pytest.approx(stats.pearsonr([*x, 5], [*y, 6], alternative="greater").pvalue)
    assert within_groups(groups, [1] * 8, y).p_positive == 1.0


def test_ranks_need_enough_students() -> None:
    assert ranks([1, 2], [1, 2]).p_positive == 1.0
    assert ranks([1, 2, 3], [1, 2, 3]).p_positive == pytest.approx(1 / 6)
    seven = ranks(range(7), range(7))
    assert seven.p_positive == pytest.approx(1 / math.factorial(7)) and seven.interval.low > 0.5
    assert ranks([1, 1, 1, 1], [1, 2, 3, 4]).p_positive == 1.0


@pytest.mark.parametrize(
    ("x", "y", "p"),
    [([1, 2, 3, 4], [1, 1, 2, 2], 1 / 6), ([1, 2, 3], [1, 1, 2], 1 / 3), ([1, 1, 2, 2], [1, 1, 2, 2], 1 / 6)],
)
def test_ties_are_counted_and_not_approximated(x: list[float], y: list[float], p: float) -> None:
    found = ranks(x, y)
    assert found.p_positive == pytest.approx(p) and found.cannot_decide


def test_few_points_of_a_correlation_are_enumerated() -> None:
    found = within_groups(["all"] * 4, [1, 2, 3, 4], [1, 2, 3, 5])
    assert found.p_positive == pytest.approx(1 / 24) and found.cannot_decide


def test_covariates_are_taken_out() -> None:
    rng = np.random.default_rng(0)
    level = np.tile(np.arange(6.0), 5)
    x, y = level + rng.normal(size=30), level + rng.normal(size=30)
    assert within_groups(["all"] * 30, list(x), list(y)).r > 0.5
    cleared = within_groups(["all"] * 30, list(x), list(y), [list(level)])
    first, second = (side - np.polyval(np.polyfit(level, side, 1), level) for side in (x, y))
    assert cleared.r == pytest.approx(float(np.corrcoef(first, second)[0, 1]))


def test_equal_conditions_are_rarely_called_different() -> None:
    found = rates(rejects_flat_pair, TRUTHS["flat"], Design(problems=400, seed_sd=0.03), 300, seed=5)
    assert found["crossed random effects"] <= 0.085  # 5 % and three standard errors
    assert found["McNemar on one run"] > 0.2, "one run knows nothing of the luck of runs"


@pytest.mark.parametrize("truth", MONOTONE)
@pytest.mark.parametrize("uneven", [1.0, 3.0])
def test_monotone_truths_are_rarely_called_non_monotone(truth: str, uneven: float) -> None:
    """At most 5 %, also where the luck of runs differs between levels; the usual ways are far off."""
    design = Design(problems=500, uneven=uneven)
    found = rates(calls_non_monotone, TRUTHS[truth], design, 200, seed=2)
    assert found["intersection-union"] <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 200)


def test_peaks_are_found_and_usual_ways_mislead() -> None:
    found = rates(calls_non_monotone, TRUTHS["peak of 8 points"], Design(), 60)
    assert found["intersection-union"] > 0.95
    saturating = rates(calls_non_monotone, TRUTHS["saturating"], Design(), 60)
    assert saturating["quadratic term"] > 0.9 and saturating["intersection-union"] < 0.1


@pytest.mark.parametrize("truth", ["flat", "saturating", "step", "peak of 2 points"])
def test_the_recommended_set_holds_the_best(truth: str) -> None:
    def ask(levels: Sequence[Rows]) -> dict[str, bool]:
        return keeps_the_best(levels, TRUTHS[truth])

    found = rates(ask, TRUTHS[truth], Design(problems=300, seed_sd=0.02), 200, seed=3)
    assert found["set"] >= 0.95 - 3 * math.sqrt(0.05 * 0.95 / 200)
    assert found["best mean alone"] < 0.7


def test_a_clear_loser_leaves_the_set() -> None:
    measured = {"good": Summary(0.6, 0.01, 3), "near": Summary(0.595, 0.01, 3), "bad": Summary(0.3, 0.01, 3)}
    assert set(not_told_from_best(measured, pooled_seed_variance(measured.values()))) == {"good", "near"}
    assert set(not_told_from_best({"only": Summary(0.5, None, 1, 10)}, NO_SEEDS)) == {"only"}


def test_an_accuracy_of_nothing_has_an_interval_as_wide_as_wilsons() -> None:
    nothing = Rows(np.zeros((1, 10)))
    found = chosen_interval(nothing, 3, SeedVariance(0.0, 0))
    assert found.low == 0.0 and found.high >= wilson(0, 10).high
