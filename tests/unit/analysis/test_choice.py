"""Which supervision is called the best: chosen on development where a dataset keeps it, else with its optimism told."""

from pathlib import Path

import numpy as np
import pytest
from made_study import made_config, make_study

from gradus.analysis.choice import choose, optimism
from gradus.analysis.collection import collect
from gradus.analysis.recommendation import recommendations
from gradus.analysis.summaries import summaries
from gradus.presentation.claims import recommendations_csv, recommendations_markdown, too_high
from gradus.presentation.headline import headline, headline_text
from gradus.records import Supervision
from gradus.results.store import Results
from gradus.statistics.measurements import Rows, Summary

ONE, OTHER = (Supervision("d", "t", "original", level) for level in ("L1", "L2"))


def rows(accuracy: float, seed: int, runs: int = 3, n: int = 300) -> Rows:
    return Rows((np.random.default_rng(seed).random((runs, n)) < accuracy).astype(float))


def test_development_decides_where_it_knows_every_candidate() -> None:
    test = {ONE: rows(0.5, 1), OTHER: rows(0.7, 2)}
    chosen = choose(test, {ONE: rows(0.6, 3), OTHER: rows(0.3, 4)})
    assert (chosen.best, chosen.on, chosen.candidates, chosen.optimism) == (ONE, "development", 2, 0.0)
    partly = choose(test, {ONE: rows(0.6, 3)})
    assert (partly.best, partly.on) == (OTHER, "test") and partly.optimism is not None
    assert choose({ONE: Summary(0.5, 0.01, 3, 100), OTHER: rows(0.2, 1)}, {}).optimism is None


def test_the_optimism_of_a_choice_on_test() -> None:
    assert optimism([rows(0.5, 1)]) == 0.0
    assert optimism([rows(0.2, 1), rows(0.8, 2)]) < 0.01, "nobody but one could have been chosen"
    told, true = [], []
    for study in range(12):
        equals = [rows(0.5, 100 * study + number) for number in range(6)]
        told.append(optimism(equals))
        true.append(max(one.mean for one in equals) - 0.5)
    assert 0.6 < np.mean(told) / np.mean(true) < 1.4
    assert optimism(equals) == optimism(equals)


@pytest.mark.parametrize("with_development", [True, False])
def test_headline_and_recommendation_say_on_what_they_were_chosen(tmp_path: Path, with_development: bool) -> None:
    config = made_config()
    if with_development:
        config["datasets"]["sums"]["development"] = {"share": 0.1}
    own = config["experiments"]["granularity"]
    config["experiments"] = {"granularity": {**own, "students": ["small"], "levels": ["L1", "L2", "L3"]}}
    config["transforms"], config["teacher_accuracy"] = {}, {}
    truth = {"L1": 0.5, "L2": 0.52, "L3": 0.51}
    copy = make_study(tmp_path, config, lambda cell: truth[cell.supervision.level], lambda _: 0.9)
    results = Results.open(copy.parent)
    evidence = collect(results)
    conditions = {name: summaries(results, one) for name, one in results.study.experiments.items()}
    facts = headline(results.study, conditions, evidence)
    chosen = {entry["dataset"]: entry for entry in facts["students"]}
    expected = "development" if with_development else "test"
    assert chosen["sums"]["chosen_on"] == expected and chosen["more-sums"]["chosen_on"] == "test"
    assert (chosen["more-sums"]["optimism"] or 0) > 0 and (chosen["sums"]["optimism"] == 0) == with_development
    if with_development:
        measured = evidence.developed("small")
        best = max((one for one in measured if one.dataset == "sums"), key=lambda one: measured[one].mean)
        assert chosen["sums"]["best"] == str(best)
        assert chosen["sums"]["accuracy"] == pytest.approx(evidence.students[best, "small"].mean), "told on test"
    text = headline_text(facts)
    assert ("was chosen on development" in text) == with_development and "too high by about" in text
    assert "3 seeds)" in text and "seed(s)" not in text
    found = recommendations(evidence)
    assert {one.dataset: one.choice.on for one in found} == {"sums": expected, "more-sums": "test"}
    assert ("chosen on development" in recommendations_markdown(found)) == with_development
    assert recommendations_csv(found).splitlines()[0].endswith("chosen_on,optimism")


def test_what_a_choice_costs_is_told_to_a_tenth_of_a_point() -> None:
    assert too_high(0.012) == "too high by about 1.2 points" and too_high(0.0004) == "too high by less than 0.1 points"
