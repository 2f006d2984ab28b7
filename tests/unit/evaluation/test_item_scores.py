"""Item scores: which score is taken, repeats as mean or as runs, and real files of other programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradus.analysis.run_comparison import compare_runs
from gradus.evaluation.formats import Columns, read_run
from gradus.evaluation.item_scores import ScoreChoice, clustered, metrics_by_task, scored_runs
from gradus.records.samples import Sample
from gradus.runtime.errors import UserError

FILES = Path(__file__).parent / "formats" / "files"


def sample(name: str, number: int = 0, task: str = "sums", run: str = "run", **scores: float) -> Sample:
    return Sample(run, task, name, number, golds=("4",), scores=scores, where=f"file:{name}")


def test_a_real_folder_of_lm_evaluation_harness_is_a_run_of_every_task() -> None:
    samples = read_run([FILES / "talker"])
    choice = ScoreChoice(("exact_match,flexible-extract", "acc"))
    metrics = metrics_by_task([samples], choice)
    assert metrics == {
        "animals": "acc",
        "pens": "exact_match,flexible-extract",
        "pens_repeated": "exact_match,flexible-extract",
    }
    runs = scored_runs("talker", samples, metrics, choice)
    assert [(run.task, len(run.items)) for run in runs] == [("animals", 3), ("pens", 4), ("pens_repeated", 4)]
    assert [item.score for item in runs[0].items.values()] == [0.0, 0.0, 1.0]
    assert runs[1].items["1"].gold == "7 - 4 = 3 are left.\n#### 3" and runs[1].notes == ()


def test_real_logs_of_inspect_are_runs_whatever_their_form() -> None:
    sides = [read_run([FILES / "inspect" / f"animals.{form}"]) for form in ("eval", "json")]
    metrics = metrics_by_task(sides, ScoreChoice())
    packed, plain = (scored_runs("log", side, metrics, ScoreChoice())[0] for side in sides)
    assert packed.items == plain.items and len(packed.items) == 2 and packed.task == "animals"
    (task,) = compare_runs([packed], [plain]).tasks
    assert task.contrast.estimate == 0 and task.verdict == "one run: no verdict"


def test_the_first_score_that_all_files_have_is_taken_and_told() -> None:
    files = [[sample("1", acc_norm=1.0, acc=0.0)], [sample("1", acc=1.0)]]
    metrics = metrics_by_task(files, ScoreChoice())
    assert metrics == {"sums": "acc"}
    (run,) = scored_runs("a", files[0], metrics, ScoreChoice())
    assert run.notes == ("the score acc is compared; there is also acc_norm (--metric)",)


def test_repeats_are_a_mean_or_runs() -> None:
    samples = [sample("1", 0, acc=1.0), sample("1", 1, acc=0.0), sample("2", 0, acc=1.0), sample("2", 1, acc=1.0)]
    (run,) = scored_runs("a", samples, {"sums": "acc"}, ScoreChoice())
    assert {name: item.score for name, item in run.items.items()} == {"1": 0.5, "2": 1.0}
    assert run.notes == ("a: up to 2 samples of an item, averaged (--repeats runs takes each as a run)",)
    apart = scored_runs("a", samples, {"sums": "acc"}, ScoreChoice(repeats="runs"))
    assert [(one.source, [item.score for item in one.items.values()]) for one in apart] == [
        ("a#0", [1.0, 1.0]),
        ("a#1", [0.0, 1.0]),
    ]


def test_runs_of_one_file_tasks_and_missing_scores() -> None:
    samples = [sample("1", run="x", acc=1.0), sample("1", run="y", acc=0.0), sample("2", run="x")]
    runs = scored_runs("a", samples, {"all": "acc"}, ScoreChoice(task="all"))
    assert [(run.source, run.task, list(run.items)) for run in runs] == [
        ("a (x)", "all", ["1"]),
        ("a (y)", "all", ["1"]),
    ]
    assert runs[0].notes == ("a (x): items without a score, which count as missing: 1",)


def test_other_ranges_are_scaled() -> None:
    (run,) = scored_runs("a", [sample("1", f1=25.0)], {"sums": "f1"}, ScoreChoice(best=100.0))
    assert run.items["1"].score == 0.25
    (run,) = scored_runs("a", [sample("1", error=0.2)], {"sums": "error"}, ScoreChoice(worst=1.0, best=0.0))
    assert run.items["1"].score == 0.8
    with pytest.raises(UserError, match=r"file:1: the score f1 25 is not between 0 and 1 \(--scale"):
        scored_runs("a", [sample("1", f1=25.0)], {"sums": "f1"}, ScoreChoice())


def test_clusters_are_read_from_the_files_of_every_program(tmp_path: Path) -> None:
    (lm_eval,) = (FILES / "talker").glob("samples_pens_2*")
    assert read_run([lm_eval], columns=Columns(cluster="answer"))[1].cluster == "7 - 4 = 3 are left.\n#### 3"
    for log in sorted((FILES / "inspect").glob("animals.*")):
        assert {one.cluster for one in read_run([log], columns=Columns(cluster="epoch"))} == {"1"}
    plain = tmp_path / "plain.csv"
    plain.write_text("id,score,passage\n1,1,x\n2,0,y\n", encoding="utf-8")
    samples = clustered(read_run([plain], columns=Columns(cluster="passage")), "passage")
    (run,) = scored_runs("a", samples, metrics_by_task([samples], ScoreChoice()), ScoreChoice())
    assert [item.cluster for item in run.items.values()] == ["x", "y"]
    with pytest.raises(UserError, match="nothing under 'theme' tells the cluster of item 0"):
        clustered(read_run([lm_eval], columns=Columns(cluster="theme")), "theme")


def test_files_without_the_score_are_refused() -> None:
    for files, choice, words in (
        ([[sample("1", acc=1.0)]], ScoreChoice(("f1",)), r"sums has no score f1 \(there are: acc\)"),
        ([[sample("1")]], ScoreChoice(), r"sums has texts and no scores \(score its texts first"),
        ([[sample("1", acc=1.0)], [sample("1", f1=1.0)]], ScoreChoice(), "has the scores f1 here and acc elsewhere"),
    ):
        with pytest.raises(UserError, match=words):
            metrics_by_task(files, choice)
