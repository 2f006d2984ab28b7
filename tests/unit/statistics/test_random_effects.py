"""Random effects over datasets: against a published example, against statsmodels, and under simulation."""

import math

import numpy as np
import pytest

from gradus.statistics.contrasts import difference
from gradus.statistics.measurements import SeedVariance, Summary
from gradus.statistics.random_effects import over_datasets, random_effects

# The 13 trials of the BCG vaccine (Colditz et al. 1994): cases and others among vaccinated and not.
BCG = np.array(
    [
        *[(4, 119, 11, 128), (6, 300, 29, 274), (3, 228, 11, 209), (62, 13536, 248, 12619), (33, 5036, 47, 5761)],
        *[(180, 1361, 372, 1079), (8, 2537, 10, 619), (505, 87886, 499, 87892), (29, 7470, 45, 7232)],
        *[(17, 1699, 65, 1600), (186, 50448, 141, 27197), (5, 2493, 3, 2338), (27, 16886, 29, 17825)],
    ],
    dtype=float,
)


def bcg() -> tuple[list[float], list[float]]:
    """Log risk ratios and their variances."""
    a, b, c, d = BCG.T
    return list(np.log(a / (a + b) * (c + d) / c)), list(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d))


def test_the_vaccine_trials_as_published() -> None:
    """Q 152.2330 (metan, and metafor's comparison with it), I² 92.1 %; the random mean is near -0.714 by every estimator."""
    found = random_effects(*bcg())
    assert found.i2 == pytest.approx(1 - 12 / 152.2330, abs=1e-6)
    assert found.estimate == pytest.approx(-0.7141, abs=0.002)


def test_it_is_statsmodels_paule_mandel_with_the_standard_error_of_hksj() -> None:
    from statsmodels.stats.meta_analysis import combine_effects

    effects, variances = bcg()
    known = combine_effects(
        np.array(effects), np.array(variances), method_re="iterated", use_t=True, atol=1e-9, maxiter=1000
    )
    found = random_effects(effects, variances)
    assert found.between_sd == pytest.approx(math.sqrt(known.tau2), abs=1e-6)
    assert found.estimate == pytest.approx(known.mean_effect_re, abs=1e-7)
    assert found.standard_error == pytest.approx(known.sd_eff_w_re_hksj, abs=1e-7)
    assert found.i2 == pytest.approx(known.i2, abs=1e-9)
    half = 2.200985 * math.hypot(found.between_sd, found.standard_error)  # t with 11 degrees of freedom
    assert found.prediction is not None and found.prediction.high == pytest.approx(found.estimate + half, abs=1e-6)


def test_alike_datasets_are_no_less_certain_than_their_own_errors_say() -> None:
    """Where estimates happen to agree, the unmodified standard error would be 0."""
    found = random_effects([0.02] * 4, [0.01**2] * 4)
    assert (found.between_sd, found.i2) == (0.0, 0.0)
    assert found.standard_error == pytest.approx(0.005)
    assert random_effects([0.01, 0.02], [1e-4, 1e-4]).prediction is None
    with pytest.raises(ValueError, match="two or more"):
        random_effects([0.1], [0.1])
    with pytest.raises(ValueError, match="known variances"):
        random_effects([0.1, 0.2], [0.1, math.inf])


def test_datasets_that_disagree_widen_the_random_mean_and_not_the_fixed_one() -> None:
    seeds = SeedVariance(math.nan, 0)
    gaps = [difference(Summary(0.5 + gap, 0.005, 3), Summary(0.5, 0.005, 3), seeds) for gap in (0.0, 0.02, 0.04, 0.06)]
    found = over_datasets(gaps)
    assert found.random.estimate == pytest.approx(found.fixed.estimate) == pytest.approx(0.03)
    assert found.random.standard_error > 4 * found.fixed.standard_error
    assert found.random.reach == "conditions and datasets like these" and found.random.df == 3
    assert found.effects is not None and found.effects.i2 > 0.8
    silent = over_datasets([gaps[0], difference(Summary(0.5, None, 1), Summary(0.4, None, 1), seeds)])
    assert silent.effects is None and silent.random.reach == "nothing"
    single = over_datasets([gaps[0], difference(Summary(0.5, None, 1, 300), Summary(0.4, None, 1, 300), seeds)])
    assert single.random.one_run and single.random.speaks_of == "these four checkpoints"


@pytest.mark.parametrize("count", [3, 7])
def test_a_mean_of_nothing_over_unlike_datasets_is_seldom_found(count: int) -> None:
    """True effects vary by 2 points around 0; every dataset has its own error, estimated from three runs."""
    rng, studies, called = np.random.default_rng(count), 1000, 0
    errors = np.resize([0.005, 0.01, 0.02], count)
    for _ in range(studies):
        effects = rng.normal(0, 0.02, count) + rng.normal(0, errors)
        variances = errors**2 * rng.chisquare(4, count) / 4
        interval = random_effects(list(effects), list(variances)).interval
        called += interval.low > 0 or interval.high < 0
    assert 0.01 < called / studies < 0.05 + 3 * math.sqrt(0.05 * 0.95 / studies)
