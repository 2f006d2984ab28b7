"""What runs again after a change of files or code, and what does not; edits of the study file are in test_partial_rebuilds.py."""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import tiny_study
from rule_objects import due_rules
from running import Workflow

NOTHING = "Nothing to be done"
# The rules that make what tables and pages only show.
EXPENSIVE = {"data", "leak_check", "student", "annotate", "training_set", "train", "generate", "score"}


def test_a_second_run_has_nothing_to_do(finished: Workflow) -> None:
    assert NOTHING in finished.run("--dry-run")


def test_deleting_one_metrics_file_schedules_one_job(copied: Workflow) -> None:
    chosen = sorted(copied.results.glob("metrics/**/greedy.json"))[0]
    chosen.unlink()
    assert copied.jobs("metrics") == {"score": 1}


def test_asking_for_one_cell_schedules_that_cell(workflow: Callable[..., Workflow]) -> None:
    made = workflow()
    target = "results/tiny/metrics/gradeschool/tutor/original/L1/mini/seed1/test/greedy.json"
    assert made.jobs(target) == {
        "data": 2,
        "leak_check": 1,
        "student": 1,
        "annotate": 1,
        "training_set": 1,
        "train": 1,
        "generate": 1,
        "score": 1,
    }


@pytest.mark.parametrize(
    ("deleted", "expected"),
    [
        ("metrics/**/L1/mini/**/greedy.json", {"score": 1}),
        ("metrics/**/L1/mini/**/greedy.rows.jsonl", {"score": 1}),
        ("predictions/**/L1/mini/**/greedy.jsonl", {"generate": 1, "score": 1}),
        ("data/gradeschool/test.jsonl", {"data": 1, "leak_check": 1, "generate": 4, "score": 4}),
        ("annotations/**/L1.jsonl", {"annotate": 1, "training_set": 2, "train": 2, "generate": 2, "score": 2}),
        ("checkpoints/**/L1/mini/seed1/manifest.json", {"train": 1, "generate": 1, "score": 1}),
        ("checkpoints/**/L1/mini/seed1/weights", {}),
        ("diagnostics/annotations.html", {}),
    ],
    ids=["metric", "rows", "predictions", "problems", "annotations", "checkpoint", "weights", "page"],
)
def test_the_plain_command_makes_again_what_was_deleted(
    copied: Workflow, deleted: str, expected: dict[str, int]
) -> None:
    """Weights may go once their predictions are there: they are asked for where the archive shall hold them."""
    (path,) = copied.results.glob(deleted)
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    jobs = due_rules(copied.config, copied.folder)
    assert {rule: count for rule, count in jobs.items() if rule in EXPENSIVE} == expected
    if path.name == "weights":
        assert not jobs
        copied.config["archive"] = {"weights": True}
        jobs = due_rules(copied.config, copied.folder)
        expected = {"train": 1, "generate": 1, "score": 1}
        assert {rule: count for rule, count in jobs.items() if rule in EXPENSIVE} == expected


def test_nothing_is_made_again_for_the_last_bits_alone_unless_somebody_says_so(copied: Workflow) -> None:
    """Short of memory, somebody lowers the tokens of a micro-batch, and means what did not fit."""
    former = copied.config["recipe"]["micro_batch_tokens"]
    copied.config["recipe"]["micro_batch_tokens"] = 200
    manifests = [*copied.results.glob("checkpoints/**/manifest.json"), *copied.results.glob("predictions/**/*.jsonl")]
    before = {path: path.stat().st_mtime_ns for path in manifests}
    said = copied.run("metrics", ok=False)
    keys = f"study.yaml: recipe.micro_batch_tokens: {former} -> 200: this lays out the same sums in another way"
    assert keys in said and "4 trainings and 4 sets of answers again (0.0" in said, said[-2000:]
    assert "GRADUS_REMAKE=1" in said and "Traceback" not in said
    assert {path: path.stat().st_mtime_ns for path in manifests} == before
    copied.config["recipe"]["micro_batch_tokens"] = former
    assert NOTHING in copied.run("metrics")


def test_a_question_or_a_title_retrains_nothing(copied: Workflow) -> None:
    copied.config["experiments"]["granularity"]["question"] = "How fine, really?"
    shown_only = {
        "study",
        "table",
        "figure",
        "loss_figure",
        "speed_figure",
        "findings",
        "annotation_audit",
        "exhibit_table",
        "exhibit_figure",
        "manuscript",
        "explorer",
        "cards",
        "report",
        "archive",
    }
    assert set(due_rules(copied.config, copied.folder)) <= shown_only


def test_weights_restored_with_another_time_retrain_nothing(copied: Workflow) -> None:
    for path in copied.results.glob("checkpoints/**/weights/*"):
        os.utime(path)
    for path in copied.results.glob("**/*.jsonl"):
        os.utime(path)
    assert not due_rules(copied.config, copied.folder)


@pytest.mark.parametrize(
    ("module", "old", "new", "expected"),
    [
        ("gradus/students/training/batches.py", "def plan_steps(", "# a comment\n\n\ndef plan_steps(", {}),
        ("gradus/students/training/batches.py", '"""All steps of a training.', '"""Each step of a training.', {}),
        ("gradus/runtime/errors.py", "class UserError(Exception):", "OTHER = 1\n\n\nclass UserError(Exception):", {}),
        (
            "gradus/students/training/objective.py",
            'reduction="sum"',
            'reduction="mean"',
            {"student": 2, "training_set": 4, "train": 4, "generate": 4, "score": 4},
        ),
        ("gradus/evaluation/scoring.py", "correct = sum(", "correct = 0 + sum(", {"score": 4}),
    ],
    ids=["comment", "docstring", "excluded module", "loss", "scoring"],
)
def test_code_reruns_what_it_decides(
    copied: Workflow, project_copy: Path, module: str, old: str, new: str, expected: dict[str, int]
) -> None:
    copied.snakefile = project_copy / "Snakefile"
    path = project_copy / "scripts" / module
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert copied.jobs("metrics") == expected


def test_a_touch_or_another_clone_reruns_nothing(copied: Workflow, project_copy: Path) -> None:
    copied.snakefile = project_copy / "Snakefile"
    for path in project_copy.rglob("*"):
        os.utime(path)
    assert NOTHING in copied.run("--dry-run")


def test_a_study_file_is_complete_in_itself(finished: Workflow) -> None:
    """No key of the default study survives beside a study file of one's own."""
    import json

    resolved = json.loads((finished.results / "study.json").read_text(encoding="utf-8"))
    for axis in ("datasets", "teachers", "students", "decodings", "experiments"):
        assert set(resolved[axis]) == set(tiny_study()[axis])
    assert os.listdir(finished.folder / "results") == ["tiny"]


def test_two_studies_never_share_a_derived_file(copied: Workflow) -> None:
    copied.config["study"] = "another"
    jobs = copied.jobs("metrics")
    assert jobs["train"] == 4
    shutil.rmtree(copied.results, ignore_errors=True)


def test_a_mistyped_key_is_one_message(workflow: Callable[..., Workflow]) -> None:
    config = tiny_study()
    config["recipe"]["learning_rat"] = 1.0
    output = workflow(config).run("--dry-run", ok=False)
    told = "configuration key recipe.learning_rat: unknown key (did you mean learning_rate? accepted here: preset,"
    assert re.search(rf"^error: \S+:\d+: {re.escape(told)}", output, re.MULTILINE), output
    assert "Traceback" not in output and "Snakefile, line" not in output


def test_a_bogus_target_fails_clearly(workflow: Callable[..., Workflow]) -> None:
    output = workflow().run(
        "--dry-run", "results/tiny/metrics/gradeschool/tutor/original/L9/mini/seed1/test/greedy.json", ok=False
    )
    assert "MissingRuleException" in output
    assert "L9" in output


def test_the_named_targets_exist(workflow: Callable[..., Workflow]) -> None:
    output = workflow().run("--list-target-rules")
    for name in ("all", "annotations", "checkpoints", "metrics", "tables", "figures", "report", "archive", "plan"):
        assert any(line.startswith(f"{name} (") for line in output.splitlines()), name


def test_a_folder_in_the_place_of_a_file_is_no_output(copied: Workflow) -> None:
    """Snakemake sees that something is there, and has nothing to do."""
    table = copied.results / "tables/granularity.csv"
    table.unlink()
    table.mkdir()
    output = copied.run(ok=False)
    assert f"error: {table.relative_to(copied.folder)}: is a folder, and a file is needed there" in output
    assert "Nothing to be done" not in output
