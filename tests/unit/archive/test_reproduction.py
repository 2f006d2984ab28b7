"""Reproduction: what counts as the same, as within tolerance and as different, and what a depth makes again."""

import json
from pathlib import Path

import pytest
from builders import tiny_study
from foreign_archives import write_archive

from gradus.archive.manifest import read_manifest
from gradus.archive.reproduction import comparison
from gradus.archive.reproduction.depths import cost, folders, refuse_without_weights, targets
from gradus.runtime.errors import UserError
from gradus.study.config import load

HEAD = "verdict,claim,subject,statement,estimate,low,high,p"
FIRST = "supported,helps,d,a is better than b,0.3,0.2,0.4,0.001"
SECOND = "too few data,rises,d,more is better,0.01,-0.1,0.12,0.4"


def csv(*rows: str) -> str:
    return "\n".join([HEAD, *rows]) + "\n"


def outcomes(found: list[comparison.Compared]) -> list[str]:
    return [one.outcome for one in found]


def test_a_claim_is_the_same_within_tolerance_or_different() -> None:
    before = csv(FIRST, SECOND)
    assert outcomes(comparison.claims(before, before)) == ["same", "same"]
    near = before.replace("0.3,0.2,0.4", "0.3004,0.2004,0.4004")
    assert outcomes(comparison.claims(before, near)) == ["within tolerance", "same"]
    far = before.replace("0.3,0.2,0.4", "0.32,0.2,0.4")
    found = comparison.claims(before, far)
    assert outcomes(found) == ["differs", "same"]
    assert found[0].differences == ("estimate 0.3 -> 0.32",)
    assert found[0].what == "helps: d: a is better than b"


def test_another_verdict_differs_however_near_the_numbers_are() -> None:
    before = csv(FIRST)
    after = before.replace("supported", "too few data")
    for by_interval in (False, True):
        found = comparison.claims(before, after, by_interval=by_interval)
        assert found[0].differences == ("verdict supported -> too few data",)


def test_after_training_an_estimate_may_lie_anywhere_in_both_intervals() -> None:
    before = csv(FIRST)
    assert outcomes(comparison.claims(before, csv(FIRST.replace("0.3,", "0.35,", 1)), by_interval=True)) == [
        "within tolerance"
    ]
    assert outcomes(comparison.claims(before, csv(FIRST.replace("0.3,0.2", "0.39,0.35")), by_interval=True)) == [
        "differs"
    ]


def test_after_training_numbers_without_an_interval_decide_nothing_and_the_others_by_theirs() -> None:
    empty = csv("one run: no verdict,helps,d,a,0.3,,,")
    assert outcomes(comparison.claims(empty, empty, by_interval=True)) == ["same"]
    metric = '{"accuracy": 0.3, "interval_low": 0.2, "interval_high": 0.4, "n": 10, "truncated": 3}'
    near = metric.replace("0.3,", "0.35,").replace('"truncated": 3', '"truncated": 9')
    far = metric.replace("0.3,", "0.45,")
    scores = [comparison.score("m", metric, other, by_interval=True) for other in (metric, near, far)]
    assert outcomes(scores) == ["same", "within tolerance", "differs"]
    assert comparison.score("m", metric, near.replace("10", "11"), by_interval=True).outcome == "differs"
    rows = "name,accuracy,interval_low,interval_high,tokens\na,0.3,0.2,0.4,12\n", "name,tokens\na,12\n"
    changed = "name,accuracy,interval_low,interval_high,tokens\na,0.39,0.3,0.5,19\n", "name,tokens\na,19\n"
    for before, after in zip(rows, changed, strict=True):
        assert outcomes(comparison.table("t", before, after, by_interval=True)) == ["within tolerance"]
        assert outcomes(comparison.table("t", before, after.replace("a,", "b,"), by_interval=True)) == ["differs"]
        assert outcomes(comparison.table("t", before, after)) == ["differs"]
    entry = {"experiment": "e", "student": "s", "dataset": "d", "accuracy": 0.5, "interval": [0.4, 0.6], "best": "x"}
    other = {**entry, "accuracy": 0.55, "best": "y"}
    texts = [json.dumps({"students": [one]}) for one in (entry, other, {**other, "accuracy": 0.7})]
    found = [[one.outcome for one in comparison.headline(texts[0], text, by_interval=True)] for text in texts]
    assert found[1] == ["within tolerance", "same", "same", "differs"]
    assert found[2][0] == "differs" and set(found[0]) == {"same"}


def test_a_claim_that_one_side_lacks_differs() -> None:
    found = comparison.claims(csv(FIRST, SECOND), csv(FIRST))
    assert outcomes(found) == ["same", "differs"] and "not made now" in found[1].differences[0]
    assert outcomes(comparison.claims(csv(FIRST), csv(FIRST, SECOND))) == ["same", "differs"]


def test_every_headline_number_is_told_by_its_own_name() -> None:
    entry = {"experiment": "e", "student": "s", "dataset": "d", "accuracy": 0.5, "interval": [0.4, 0.6], "best": "x"}
    before = json.dumps({"students": [entry]})
    after = json.dumps({"students": [{**entry, "interval": [0.4, 0.7], "best": "y"}]})
    found = {one.what: one for one in comparison.headline(before, after)}
    assert list(found) == [f"e, s on d: {name}" for name in ("accuracy", "interval[0]", "interval[1]", "best")]
    assert [one.outcome for one in found.values()] == ["same", "same", "differs", "differs"]
    assert found["e, s on d: best"].differences == ("x -> y",)


def test_a_table_is_compared_row_by_row() -> None:
    before, after = "name,n,accuracy\na,3,0.5\nb,3,0.25\n", "name,n,accuracy\na,3,0.5\nb,3,0.35\n"
    found = comparison.table("t.csv", before, after)
    assert outcomes(found) == ["same", "differs"]
    assert found[1].what == "t.csv, row 2 (b)" and found[1].differences == ("accuracy 0.25 -> 0.35",)
    assert outcomes(comparison.table("t.csv", before, before + "c,3,0.1\n")) == ["differs"]


def test_a_count_has_no_tolerance_of_its_size() -> None:
    assert comparison.score("m", '{"correct": 2}', '{"correct": 3}').outcome == "differs"
    assert comparison.score("m", '{"correct": 1000}', '{"correct": 1001}').outcome == "differs"


def test_a_depth_holds_those_before_it_and_never_what_was_paid_for() -> None:
    assert folders("tables") == ("tables", "report", "paper")
    assert set(folders("tables")) < set(folders("scores")) < set(folders("predictions")) < set(folders("train"))
    assert not {"annotations", "data", "exemplars", "teacher_answers"} & set(folders("train"))
    asked = targets(load(tiny_study()))
    assert "results/tiny/tables/claims.csv" in asked and "results/tiny/report/headline.json" in asked


def test_the_cost_is_that_of_the_jobs_that_the_depth_runs(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "archive", [("results/s/metrics/a.json", b"{}")])
    assert cost(archive, "tables").seconds is None
    jobs = [
        {"@id": f"#job-{number}", "startTime": "2026-01-01T00:00:00Z", "endTime": end, "result": result}
        for number, (end, result) in enumerate(
            [
                ("2026-01-01T00:01:00Z", {"@id": "#results/s/tables/t.csv"}),
                ("2026-01-01T00:00:30Z", [{"@id": "#results/s/metrics/a.json"}]),
                ("2026-01-01T09:00:00Z", [{"@id": "#results/s/annotations/a.jsonl"}]),
            ]
        )
    ]
    (archive / "ro-crate-metadata.json").write_text(json.dumps({"@graph": jobs}), encoding="utf-8")
    assert (cost(archive, "tables").jobs, cost(archive, "tables").seconds) == (1, 60)
    assert (cost(archive, "train").jobs, cost(archive, "train").seconds) == (2, 90)
    with pytest.raises(UserError, match="no weights"):
        refuse_without_weights(read_manifest(archive), "predictions")
    refuse_without_weights(read_manifest(archive), "train")
