"""The numbers of a condition and of the headline, from several seeds and several conditions, worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from made_study import made_config
from scipy import stats

from gradus.analysis.evidence import Evidence, answer_only
from gradus.analysis.summaries import ConditionSummary, summary
from gradus.presentation.headline import headline
from gradus.records import Supervision
from gradus.records.metrics import Metrics
from gradus.runtime.errors import UserError
from gradus.statistics.contrasts import difference
from gradus.statistics.measurements import Rows
from gradus.study.config import load

LEVEL_3 = Supervision("sums", "tutor", "original", "L3")
SCORES = Metrics(
    **vars(LEVEL_3), student="small", seed=1, problems="test", decoding="greedy", n=10, samples=2, correct=4, accuracy=0.2,
    interval_low=0.0, interval_high=1.0, truncated=2, unparsable=0, timeouts=0, strict_correct=4, strict_accuracy=0.2,
    disagreements=0, mean_completion_tokens=20.0, most_frequent_answer="6", most_frequent_answer_correct=1,
    most_frequent_answer_accuracy=0.1, chance_accuracy=0.05, training_examples=24, leaked_training_rows=0, excerpt=False,
)  # fmt: skip


def test_a_condition_is_the_mean_of_its_seeds() -> None:
    """Accuracies 0.2, 0.5 and 0.8: mean 0.5, standard deviation 0.3; 2, 4 and 0 of 20 texts cut off: 10 %."""
    seeds = [
        SCORES,
        replace(SCORES, seed=2, accuracy=0.5, truncated=4, unparsable=6, mean_completion_tokens=30.0, excerpt=True),
        replace(SCORES, seed=3, accuracy=0.8, truncated=0, mean_completion_tokens=40.0, leaked_training_rows=1),
    ]
    found = summary(LEVEL_3, "small", seeds)
    assert (found.seeds, found.n) == ((1, 2, 3), 10)
    assert found.accuracy == pytest.approx(0.5)
    assert found.seed_sd == pytest.approx(0.3)
    assert (found.truncated, found.unparsable, found.mean_tokens) == pytest.approx((0.1, 0.1, 30.0))
    assert found.leaked and found.excerpt
    # Wilson's interval of 5 of 10: centre 0.5, half width z / sqrt(n) / (1 + z^2 / n) * sqrt(0.25 + z^2 / 4n).
    z = 1.959964
    half = z / math.sqrt(10) / (1 + z**2 / 10) * math.sqrt(0.25 + z**2 / 40)
    assert (found.low, found.high) == pytest.approx((0.5 - half, 0.5 + half), abs=1e-6)
    assert found.above_baselines


def test_one_seed_has_no_spread_and_seeds_have_the_same_problems() -> None:
    found = summary(LEVEL_3, "small", [SCORES])
    assert found.seed_sd is None and found.accuracy == 0.2 and not found.above_baselines
    with pytest.raises(UserError, match="different numbers of problems"):
        summary(LEVEL_3, "small", [SCORES, replace(SCORES, seed=2, n=12)])


def test_the_gain_of_the_best_is_adjusted_for_choosing_it() -> None:
    """Four levels and answer-only, three seeds: the gain of the best level has the interval of four comparisons."""
    config = made_config()
    experiment = config["experiments"]["granularity"]
    experiment |= {"datasets": ["sums"], "students": ["small"], "levels": ["L1", "L2", "L3", "L4"]}
    experiment["baselines"] = ["gold/answer-only/native"]
    config["experiments"] = {"granularity": experiment}
    study = load(config, "made")
    chances = {"L1": 0.4, "L2": 0.5, "L3": 0.7, "L4": 0.6}
    conditions = {Supervision("sums", "tutor", "original", level): chance for level, chance in chances.items()}
    conditions[answer_only("sums")] = 0.3
    rng = np.random.default_rng(3)
    rows = {
        (one, "small"): Rows((rng.random((3, 200)) < chance).astype(np.float64)) for one, chance in conditions.items()
    }
    evidence = Evidence(rows)
    base = summary(LEVEL_3, "small", [SCORES, replace(SCORES, seed=2), replace(SCORES, seed=3)])
    summaries: list[ConditionSummary] = [
        replace(base, supervision=one, accuracy=measured.mean) for (one, _), measured in rows.items()
    ]
    (entry,) = headline(study, {"granularity": summaries}, evidence)["students"]
    assert (entry["best"], entry["seeds"]) == (str(LEVEL_3), 3)
    assert entry["accuracy"] == rows[LEVEL_3, "small"].mean
    assert entry["answer_only"] == rows[answer_only("sums"), "small"].mean
    gain = difference(rows[LEVEL_3, "small"], rows[answer_only("sums"), "small"], evidence.seeds("sums", "small"))
    half = float(stats.t.ppf(1 - 0.05 / 4 / 2, gain.df)) * gain.standard_error
    value, low, high = entry["gain_over_answer_only"]
    assert value == pytest.approx(entry["accuracy"] - entry["answer_only"])
    assert (low, high) == pytest.approx((value - half, value + half))
