"""The headline: the best of several, and its gain with the interval of that many comparisons."""

from typing import Any

import numpy as np
import pytest
from builders import tiny_study

from gradus.analysis.evidence import Evidence
from gradus.analysis.recommendation import recommendations
from gradus.analysis.summaries import ConditionSummary
from gradus.presentation.claims import recommendations_csv, recommendations_markdown
from gradus.presentation.headline import headline, headline_text
from gradus.records import Supervision
from gradus.statistics.contrasts import difference
from gradus.statistics.measurements import Measurement, Rows
from gradus.study.config import load

ACCURACIES = {"tutor/original/L1": 0.4, "tutor/original/L2": 0.7, "gold/answer-only/native": 0.5}


def test_the_gain_of_the_best_of_several_is_adjusted_for_the_choice() -> None:
    study = load(tiny_study("made"), "made")
    rng = np.random.default_rng(1)
    measured: dict[tuple[Supervision, str], Measurement] = {}
    table = []
    for name, accuracy in ACCURACIES.items():
        supervision = Supervision("gradeschool", *name.split("/"))
        scores = (rng.random((3, 200)) < accuracy).astype(float)
        measured[supervision, "mini"] = Rows(scores)
        mean = float(scores.mean())
        table.append(
            ConditionSummary(
                supervision, "mini", (1, 2, 3), 200, mean, mean - 0.07, mean + 0.06, 0.01, 0, 0, 9, 0.1, 0, False, False
            )
        )
    evidence = Evidence(measured)
    facts = headline(study, dict.fromkeys(study.experiments, table), evidence)
    (entry,) = [entry for entry in facts["students"] if entry["student"] == "mini"]
    best, bare = (measured[Supervision("gradeschool", *list(ACCURACIES)[n].split("/")), "mini"] for n in (1, 2))
    assert entry["best"] == "gradeschool/tutor/original/L2" and entry["accuracy"] == best.mean
    contrast = difference(best, bare, evidence.seeds("gradeschool", "mini"))
    adjusted, single = contrast.interval(1 - 0.05 / 2), contrast.interval()
    assert entry["gain_over_answer_only"] == pytest.approx([adjusted.value, adjusted.low, adjusted.high])
    assert adjusted.low < single.low and adjusted.high > single.high
    assert entry["gain_speaks_of"] == "conditions"
    gain = f"{100 * adjusted.value:+.1f} [{100 * adjusted.low:+.1f}, {100 * adjusted.high:+.1f}]"
    assert f"answer only {100 * bare.mean:.1f} %, gain {gain}; most frequent answer 10.0 %" in headline_text(facts)


def test_no_crown_for_a_tie_at_zero() -> None:
    study = load(tiny_study("made"), "made")
    rows = [
        ConditionSummary(
            Supervision("gradeschool", *name.split("/")),
            "mini",
            (1, 2, 3),
            32,
            0.0,
            0.0,
            0.1,
            0.0,
            0,
            0,
            9,
            0.1,
            0,
            False,
            False,
        )
        for name in ACCURACIES
    ]
    measured: dict[tuple[Supervision, str], Measurement] = {
        (row.supervision, "mini"): Rows(np.zeros((3, 32))) for row in rows
    }
    evidence = Evidence(measured, baselines=dict.fromkeys(measured, 0.1))
    told = headline_text(headline(study, dict.fromkeys(study.experiments, rows), evidence))
    assert "nothing to recommend" in told and "best" not in told
    found = recommendations(evidence)
    assert not found[0].above_baselines
    assert "nothing to recommend" in recommendations_markdown(found) and "answer-only" not in recommendations_markdown(
        found
    )
    assert "false" in recommendations_csv(found)
    known = Evidence(measured, baselines=dict.fromkeys(measured, -1.0))
    assert recommendations(known)[0].above_baselines


def test_what_is_said_of_rationales_does_not_hide_a_higher_answer_only() -> None:
    """The recommendation may be answer only: the headline says then that no rationale is best of all."""
    entry = {
        "experiment": "e",
        "dataset": "d",
        "student": "s",
        "best": "d/t/original/L1",
        "chosen_on": "test",
        "n": 100,
    }
    entry |= {"optimism": 0.0, "accuracy": 0.3, "interval": [0.25, 0.35], "seeds": 3, "most_frequent_answer": 0.1}
    entry |= {"answer_only": 0.5, "gain_over_answer_only": [-0.2, -0.25, -0.15], "gain_has_verdict": True}
    for above, told in (
        (True, "s on d was highest of the rationales with t/original/L1"),
        (False, "s on d: no rationale above its baselines; answer only 50.0 %"),
    ):
        facts: Any = {"students": [entry | {"above_baselines": above, "answer_only_above_baselines": True}]}
        text = headline_text(facts)
        assert told in text and "is best" not in text and "nothing to recommend" not in text
