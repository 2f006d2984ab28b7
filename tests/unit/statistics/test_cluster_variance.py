"""Problems that are variants of one another: the variance of a mean over clusters, by hand, by statsmodels, by simulation."""

import math

import numpy as np
import pytest
from scipy.special import ndtr

from gradus.statistics.contrasts import difference, mean_variance
from gradus.statistics.measurements import Rows, SeedVariance, pooled_seed_variance

NO_SEEDS = SeedVariance(math.nan, 0)


def test_a_cluster_robust_variance_is_that_of_statsmodels() -> None:
    import statsmodels.api as sm

    rng = np.random.default_rng(0)
    clusters = np.repeat(np.arange(30), 6)
    values = rng.normal(0, 1, 30)[clusters] + rng.normal(0, 1, 180)
    settings = {"groups": clusters, "use_correction": False}
    known = sm.OLS(values, np.ones(180)).fit(cov_type="cluster", cov_kwds=settings).bse[0] ** 2
    variance, df = mean_variance(values, clusters)
    assert variance == pytest.approx(known * 30 / 29) and df == 29
    assert variance > 3 * mean_variance(values, None)[0]


def test_clusters_of_one_problem_change_nothing() -> None:
    rng = np.random.default_rng(1)
    first, second = ((rng.random((1, 60)) < 0.5).astype(float) for _ in range(2))
    alone = np.arange(60)
    plain, clustered = (difference(Rows(first, c), Rows(second, c), NO_SEEDS) for c in (None, alone))
    assert plain == clustered and plain.discordant is not None
    in_pairs = difference(Rows(first, alone // 2), Rows(second, alone // 2), NO_SEEDS)
    assert in_pairs.discordant is None and in_pairs.df == 29
    with pytest.raises(ValueError, match="a cluster for every problem"):
        Rows(first, np.arange(59))


@pytest.mark.parametrize("runs", [1, 3])
def test_the_interval_covers_where_problems_share_templates(runs: int) -> None:
    """300 problems of 75 templates; half of how a condition suits a problem is its template's (an intra-class correlation of 0.2
    to 0.3 of the differences). Taken as independent, the interval covered 74 to 85 % of the difference on other templates."""
    rng, studies = np.random.default_rng(4), 300
    templates = np.repeat(np.arange(75), 4)
    covered, naive = 0, 0
    for _ in range(studies):
        cells = []
        difficulty = rng.normal(0, 1.0, 75)[templates] + rng.normal(0, 1.0, 300)
        for _condition in range(2):
            suits = rng.normal(0, 1.0, 75)[templates] + rng.normal(0, 0.5, 300)
            luck = rng.normal(0, 0.05, runs)[:, None]
            cells.append((rng.random((runs, 300)) < ndtr(difficulty + suits + luck)).astype(float))
        for clusters in (templates, None):
            first, second = (Rows(one, clusters) for one in cells)
            interval = difference(first, second, pooled_seed_variance([first, second])).interval()
            held = interval.low <= 0 <= interval.high
            covered, naive = covered + (held and clusters is not None), naive + (held and clusters is None)
    assert covered / studies >= 0.93 - 2 * math.sqrt(0.93 * 0.07 / studies)
    assert naive / studies < 0.88
