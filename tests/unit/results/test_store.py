"""The one way to read a study: what is there comes back typed, and what is wrong is named with its file and line."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from made_study import made_config, make_study

from gradus.analysis.summaries import summaries
from gradus.presentation.exhibits.experiments import experiment_table
from gradus.presentation.explorer.collection import collect
from gradus.presentation.explorer.collection import shown as shown_problems_of
from gradus.records import Cell, Supervision
from gradus.records.metrics import Metrics
from gradus.results.store import Results
from gradus.runtime.errors import UserError
from gradus.study import paths
from gradus.study.grid import cells, supervisions

CELL = Cell(Supervision("sums", "tutor", "original", "L1"), "small", 1)


@pytest.fixture
def results(tmp_path: Path) -> Results:
    config = made_config()
    config["datasets"] = {"sums": {**config["datasets"]["sums"], "test": 12}}
    config["experiments"] = {
        "granularity": {**config["experiments"]["granularity"], "datasets": ["sums"], "seeds": [1]}
    }
    make_study(tmp_path, config, lambda cell: 0.5, lambda supervision: 0.75)
    return Results.open(tmp_path / "results" / "made")


def test_every_file_of_a_study_can_be_read(results: Results) -> None:
    for cell in cells(results.study):
        metrics = results.metrics(cell)
        assert (metrics.student, metrics.seed, metrics.n, metrics.samples) == (cell.student, cell.seed, 12, 1)
        assert metrics.accuracy == pytest.approx(sum(results.outcomes(cell)) / 12)
        assert len(results.scored(cell)) == len(results.predictions(cell)) == 12
        assert [step["step"] for step in results.trace(cell)] == [1, 2]
        assert results.training_set_manifest(cell)["rows"] == 24
        assert results.has_metrics(cell) and results.find_metrics(cell) == metrics
    assert [problem.id for problem in results.problems("sums", "test")] == [f"sums-{n}" for n in range(12)]
    assert results.dataset_audit("sums")["test"] == 12
    audited = {one["supervision"] for one in results.annotation_audit()["supervisions"]}
    assert audited == {str(one) for one in supervisions(results.study)}
    for supervision in supervisions(results.study):
        assert results.annotation_manifest(supervision)["rows"] == 24
    answers = results.find_teacher_answers(CELL.supervision)
    assert len(answers) == 12


@pytest.mark.parametrize(("loss", "stops"), [(0.02, True), (1.4077, False), (None, True)])
def test_a_student_that_has_not_learned_to_stop_is_marked(results: Results, loss: float | None, stops: bool) -> None:
    """ln 4 where an adapter leaves the end token like three others; null where every example was cut, and nobody knows."""
    facts = dict.fromkeys(("identity", "base", "versions", "steps", "examples", "target_tokens_seen", "files"), 1)
    path = results.path(paths.WEIGHTS.manifest, CELL)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**facts, "final_loss": 0.5, "final_end_loss": loss}), encoding="utf-8")
    assert results.has_learned_to_stop(CELL) == stops
    rows = summaries(results, results.study.experiments["granularity"])
    marked = {row.supervision for row in rows if row.student == "small" and row.no_end}
    assert marked == (set() if stops else {CELL.supervision})
    table = experiment_table("granularity", results.study.experiments["granularity"], rows)
    text = table.markdown() + table.note
    assert ("¶" in text) == ("have not learned to stop" in text) == (not stops)
    shown = {
        str(one["teacher"] + one["level"])
        for one in collect(results, shown_problems_of(results))["cells"]
        if one["no_end"]
    }
    assert shown == (set() if stops else {"tutorL1"})


def test_what_is_not_there_is_none_or_named(results: Results) -> None:
    absent = Cell(CELL.supervision, "small", 7)
    assert results.find_metrics(absent) is None and not results.has_metrics(absent)
    assert results.find_training_run(absent) is None
    assert results.find_checkpoint_manifest(absent) is None
    assert not results.find_trace(absent) and not results.find_telemetry(absent)
    assert not results.find_predictions(absent) and not results.find_scored(absent)
    assert not results.find_problems("sums", "dev")
    assert results.find_annotations(CELL.supervision) == []
    with pytest.raises(UserError, match=r"seed7/test/greedy[.]json: no such file"):
        results.metrics(absent)


def test_samples_of_a_problem_are_one_outcome(results: Results) -> None:
    path = results.path(paths.SCORED, CELL, problems="test", decoding="greedy")
    row = {"extracted": "1", "strict": False, "failure": None, "truncated": False}
    lines = [
        {"problem_id": name, "sample": sample, "correct": correct, **row}
        for name, solved in (("b", (True, False, True, False)), ("a", (True, True, True, False)))
        for sample, correct in enumerate(solved)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert results.outcomes(CELL) == [0.5, 0.75]


def test_a_bad_file_is_named_with_the_line(results: Results) -> None:
    scored = results.path(paths.SCORED, CELL, problems="test", decoding="greedy")
    lines = scored.read_text(encoding="utf-8").splitlines(keepends=True)
    scored.write_text("".join([*lines[:3], "{}\n", *lines[4:]]), encoding="utf-8")
    with pytest.raises(UserError, match=r"greedy[.]rows[.]jsonl:4: missing field 'problem_id'"):
        results.outcomes(CELL)
    metrics = results.path(paths.METRICS, CELL, problems="test", decoding="greedy")
    facts = json.loads(metrics.read_text(encoding="utf-8"))
    for broken, words in (
        ({**facts, "n": "12"}, "greedy.json: field 'n' has the wrong type: str"),
        ({key: facts[key] for key in facts if key != "accuracy"}, "greedy.json: missing field 'accuracy'"),
        ([facts], "greedy.json: expected a JSON object, found list"),
    ):
        metrics.write_text(json.dumps(broken), encoding="utf-8")
        with pytest.raises(UserError, match=words):
            results.metrics(CELL)
    trace = results.path(paths.TRACE, CELL)
    trace.write_text('{"step": 1, "loss": 1.0, "padding_share": 0.0}\n{"step": 2}\n', encoding="utf-8")
    with pytest.raises(UserError, match=r"trace[.]jsonl:2: missing field 'loss'"):
        results.trace(CELL)
    audit = results.path(paths.AUDIT, dataset="sums")
    audit.write_text('{"dataset": "sums"}', encoding="utf-8")
    with pytest.raises(UserError, match=r"audit[.]json: missing field 'source'"):
        results.dataset_audit("sums")


def test_a_study_is_opened_from_anywhere(results: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(results.root / "results")
    for folder in (Path("made"), Path("../results/made"), Path("made/../made/"), results.root / "results" / "made"):
        opened = Results.open(folder)
        assert opened.root.resolve() == results.root.resolve() and opened.study == results.study
        assert opened.metrics(CELL) == results.metrics(CELL)
    with pytest.raises(UserError, match="holds no study"):
        Results.open(Path("made/data"))
    os.rename("made", "renamed")
    with pytest.raises(UserError, match="holds the study 'made' under another name"):
        Results.open(Path("renamed"))


def test_the_records_of_metrics_are_exact(results: Results) -> None:
    metrics = results.metrics(CELL)
    path = results.path(paths.METRICS, CELL, problems="test", decoding="greedy")
    assert metrics.to_json() == json.loads(path.read_text(encoding="utf-8"))
    several = {**metrics.to_json(), "samples": 4, "majority_accuracy": 0.5, "pass_at": {"1": 0.5, "2": 0.75}}
    assert Metrics.from_json(several).pass_at == {"1": 0.5, "2": 0.75}
    assert Metrics.from_json(several).to_json() == several
