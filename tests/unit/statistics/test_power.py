"""Power that is planned: agrees with simulated studies, and asks for more where there is less."""

import math

import numpy as np
import pytest

from gradus.statistics.contrasts import difference
from gradus.statistics.measurements import pooled_seed_variance
from gradus.statistics.pairs import Shape, simulated_cells
from gradus.statistics.power import Noise, detectable, interaction_variance, power, runs_needed

NOISE = Noise(0.02, 0.03, "here")


def simulated(shape: Shape, runs: int, problems: int, studies: int) -> tuple[float, Noise]:
    """The share of studies that find the first condition better, and what runs and problems of such studies vary."""
    rng = np.random.default_rng(3)
    found, variances = 0, []
    for _ in range(studies):
        first, second = simulated_cells(shape, runs, problems, rng)
        gap = difference(first, second, pooled_seed_variance([first, second]))
        found += gap.estimate > 0 and gap.p < 0.05
        variances += [(one.sd or 0.0) ** 2 for one in (first, second)]
    return found / studies, Noise(math.sqrt(float(np.mean(variances))), interaction_variance(0.5), "simulated")


@pytest.mark.parametrize(("runs", "problems", "gap"), [(2, 254, 0.15), (3, 254, 0.08), (5, 300, 0.06)])
def test_planned_power_is_that_of_simulated_studies(runs: int, problems: int, gap: float) -> None:
    """Within 3 points, beside the error of the simulation."""
    studies = 1500
    share, noise = simulated(Shape((0.5 + gap, 0.5), (0.1, 0.1)), runs, problems, studies)
    planned = power(gap, runs, problems, noise)
    assert 0.4 < share < 0.97
    assert abs(planned - share) < 0.03 + 1.5 * math.sqrt(share * (1 - share) / studies)


def test_more_runs_and_problems_find_more_and_more_tests_less() -> None:
    assert power(0.03, 1, 300, NOISE) == 0.0 and detectable(1, 300, NOISE) is None
    assert power(0.03, 2, 300, NOISE) < power(0.03, 3, 300, NOISE) < power(0.03, 5, 300, NOISE)
    assert power(0.03, 3, 300, NOISE, tests=4) < power(0.03, 3, 300, NOISE)
    smallest = detectable(3, 300, NOISE)
    assert smallest is not None and power(smallest, 3, 300, NOISE) == pytest.approx(0.8, abs=0.001)
    needed = runs_needed(0.05, 300, NOISE)
    assert needed is not None and power(0.05, needed, 300, NOISE) >= 0.8 > power(0.05, needed - 1, 300, NOISE)
    assert runs_needed(0.001, 300, NOISE) is None
    assert interaction_variance(0.5) > interaction_variance(0.05) > 0
