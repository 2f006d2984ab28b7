"""Expectations: what replications say of the next run, and what a run is told."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from builders import tiny_study

from gradus.analysis.expectation import Expectation, compared, differences, expect, identity
from gradus.results.presence import with_unavailable
from gradus.runtime.errors import UserError
from gradus.study import paths
from gradus.study.config import Study, load
from gradus.study.grid import cells
from gradus.workflow.summary import text

SUBJECT = "fine: gradeschool, mini"


def config() -> dict[str, Any]:
    made = tiny_study("made")
    made["experiments"] = {
        "granularity": {
            **made["experiments"]["granularity"],
            "levels": ["L1", "L3"],
            "students": ["mini"],
            "seeds": [1, 2],
        }
    }
    primary = {"question": "Is finer better?", "first": "tutor/original/L3", "second": "tutor/original/L1"}
    made["primary"] = {"fine": {**primary, "datasets": ["gradeschool"], "students": ["mini"]}}
    return made


@pytest.fixture
def study() -> Study:
    return load(config(), "made")


def write_scores(study: Study, root: Path, accuracies: dict[tuple[str, int], float]) -> None:
    for cell in cells(study):
        accuracy = accuracies.get((cell.supervision.level, cell.seed))
        if accuracy is not None:
            path = root / paths.METRICS.of(study, cell, problems="test", decoding=next(iter(study.decodings)))
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps({"accuracy": accuracy}), encoding="utf-8")


SCORES = {("L1", 1): 0.2, ("L1", 2): 0.3, ("L3", 1): 0.6, ("L3", 2): 0.8}


def test_a_difference_is_one_of_means_over_seeds(study: Study, tmp_path: Path) -> None:
    write_scores(study, tmp_path, SCORES)
    assert differences(study, tmp_path) == {SUBJECT: pytest.approx(0.45)}


def test_a_comparison_without_all_of_its_scores_is_left_out(study: Study, tmp_path: Path) -> None:
    write_scores(study, tmp_path, {key: value for key, value in SCORES.items() if key != ("L3", 2)})
    assert differences(study, tmp_path) == {}


def test_the_interval_is_students_prediction_interval(study: Study) -> None:
    expectation = expect(study, [{SUBJECT: value} for value in (0.3, 0.4, 0.5)])
    (one,) = expectation.findings
    # t(0.975, 2) = 4.3027, sd = 0.1, sqrt(1 + 1/3) = 1.1547
    assert (one.mean, one.low, one.high) == pytest.approx((0.4, 0.4 - 0.4968, 0.4 + 0.4968), abs=1e-4)
    assert one.difference == "tutor/original/L3 minus tutor/original/L1"
    with pytest.raises(UserError, match="three at least"):
        expect(study, [{SUBJECT: 0.3}, {SUBJECT: 0.4}])


def test_a_run_is_told_whether_it_is_as_expected_and_by_how_much_it_is_not(study: Study) -> None:
    expectation = expect(study, [{SUBJECT: value} for value in (0.39, 0.4, 0.41)])
    title, line = compared(study, expectation, {SUBJECT: 0.42})
    assert title == "Findings as expected from 3 replications with other seeds or other arithmetic:"
    assert line.endswith("+42.0 points (expected +35.0 to +45.0): as expected")
    title, line = compared(study, expectation, {SUBJECT: 0.25})
    assert title.startswith("1 of 1 findings differ from 3 replications")
    assert line.endswith("NOT as expected: 10.0 points outside")
    assert "not scored" in compared(study, expectation, {})[1]


def test_another_study_file_is_not_compared(study: Study) -> None:
    expectation = expect(study, [{SUBJECT: value} for value in (0.39, 0.4, 0.41)])
    changed, told = copy.deepcopy(config()), copy.deepcopy(config())
    changed["recipe"]["epochs"] = 7.0
    told["about"] = "Said in other words."
    assert "another one" in compared(load(changed, "made"), expectation, {SUBJECT: 0.4})[0]
    assert identity(load(told, "made")) == identity(study)
    # A workflow's study, as its closing lines see it.
    assert identity(with_unavailable(study, None)) == identity(study)
    assert identity(study.model_copy(update={"data_folder": "/elsewhere"})) == identity(study)


def test_an_expectation_comes_back_from_its_file(study: Study, tmp_path: Path) -> None:
    expectation = expect(study, [{SUBJECT: value} for value in (0.3, 0.4, 0.5)])
    path = tmp_path / "made.expected.json"
    path.write_text(json.dumps(expectation.to_json()), encoding="utf-8")
    assert Expectation.read(path) == expectation
    path.write_text('{"study": "x"}', encoding="utf-8")
    with pytest.raises(UserError, match="not an expectation"):
        Expectation.read(path)


def test_the_summary_of_a_run_ends_with_the_comparison(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_scores(study, tmp_path, SCORES)
    headline = Path(paths.HEADLINE.of(study))
    headline.parent.mkdir(parents=True)
    headline.write_text('{"text": "numbers"}', encoding="utf-8")
    assert text(study, tmp_path).endswith("numbers")
    expected = expect(study, [{SUBJECT: value} for value in (0.44, 0.45, 0.46)]).to_json()
    (tmp_path / "made.expected.json").write_text(json.dumps(expected), encoding="utf-8")
    assert "Findings as expected" in text(study, tmp_path)
    (tmp_path / "made.expected.json").write_text("{", encoding="utf-8")
    assert "Not compared" in text(study, tmp_path)
