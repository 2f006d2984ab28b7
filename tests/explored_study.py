"""A study made up for the explorer: a partial grid with missing, failed, leaked and excerpted cells."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from made_study import made_config, make_study
from running import program

from gradus.presentation.pages import to_page
from gradus.records import Annotation, Cell, Problem, Supervision
from gradus.runtime.jsonl import read_records
from gradus.teachers.annotation_audit import audit_annotations, to_markdown

NASTY = "</script><script>window.hacked = true</script><b>bold</b>"


def explored_study(folder: Path) -> None:
    """The made study with holes: a level that did not run, one job that failed, one cell that leaked, one nasty text."""
    config = made_config()
    config["about"] = "Made up to test the explorer."
    for dataset in config["datasets"].values():
        dataset["test"] = 60
    config["datasets"]["more-sums"]["development"] = {"share": 0.2, "seed": 1}
    truth = {"small": 0.2, "medium": 0.5, "large": 0.8}

    def accuracy(cell: Cell) -> float:
        return truth[cell.student] / (5 if cell.supervision.format == "answer-only" else 1)

    study = make_study(folder, config, accuracy, lambda _: 0.9)
    results = folder / "results" / "made"
    shutil.rmtree(results / "metrics/more-sums/tutor/original/L4")
    shutil.rmtree(results / "metrics/sums/tutor/original/L2/large/seed2")
    log = results / "logs/checkpoints/sums/tutor/original/L2/large/seed2.log"
    log.parent.mkdir(parents=True)
    log.write_text("starting\nerror: the disk is full: work/x (make room and run again)\n", encoding="utf-8")
    leaked = results / "metrics/sums/tutor/original/L3/small/seed1/test/greedy.json"
    leaked.write_text(json.dumps({**json.loads(leaked.read_text()), "leaked_training_rows": 2}), encoding="utf-8")
    endless = results / "checkpoints/sums/tutor/original/L1/large/seed2/manifest.json"
    endless.parent.mkdir(parents=True, exist_ok=True)
    facts = dict.fromkeys(("identity", "base", "versions", "steps", "examples", "target_tokens_seen", "files"), 1)
    endless.write_text(json.dumps({**facts, "final_loss": 0.5, "final_end_loss": 0.7}), encoding="utf-8")
    first = next(iter(read_records(results / "data/sums/test.jsonl", Problem))).id
    write_rationales(results)
    texts = results / "predictions/sums/tutor/original/L1/small/seed1/test/greedy.jsonl"
    rows = [json.loads(line) for line in texts.read_text().splitlines()]
    for row in rows:
        row["text"] = NASTY if row["problem_id"] == first else row["text"]
    texts.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    numbers = Path(__file__).parents[1] / "published" / "chen-2025.csv"
    outputs = {
        "page": "results/made/report/findings.html",
        "claims": "results/made/tables/claims.csv",
        "headline": "h.json",
        "published": "p.csv",
        "spent": "s.csv",
    }
    outputs |= {
        "recommendation": "results/made/tables/recommendation.csv",
        "output": "results/made/report/findings.md",
    }
    shutil.copytree(results, folder / "whole")  # findings need all of it: they are told of the whole study
    make_study(folder, config, accuracy, lambda _: 0.9)
    options = [word for name, path in outputs.items() for word in (f"--{name}", path)]
    done = program("findings", "--study", study, "--numbers", numbers, *options, folder=folder)
    assert done.returncode == 0, done.stderr
    for made in ("tables", "report"):
        shutil.copytree(results / made, folder / "whole" / made)
    shutil.rmtree(results)
    (folder / "whole").rename(results)
    write_audit(results)
    done = program("explorer", "--study", study, "--output", "explorer.html", folder=folder)
    assert done.returncode == 0, done.stderr


def write_audit(results: Path) -> None:
    """The audit's page, of the rationales and of one dataset whose name is long."""
    problems = {one.id: one for one in read_records(results / "data/sums/train.jsonl", Problem)}
    audits = []
    for level in ("L1", "L5"):
        supervision = Supervision("sums", "tutor", "original", level)
        rows = list(read_records(results / f"annotations/{supervision}.jsonl", Annotation))
        audits.append(audit_annotations(supervision, rows, problems, frozenset(), None, None, {"excerpt": True}))
    rules = ("in_train_normalised", "near_train", "templated_in_train")
    dataset = {
        "dataset": "sums_with_a_name_that_is_much_too_long_for_the_screen_of_any_phone", "train": 30, "test": 60,
        "test_questions_in_train_exact": 0, "doubtful_gold": 1, "without_gold": 0,
        **{f"test_questions_{rule}": ["one"] for rule in rules},
    }  # fmt: skip
    page = results / "diagnostics/annotations.html"
    page.parent.mkdir(exist_ok=True)
    page.write_text(to_page(to_markdown(audits, ["an old exemplar"], [dataset]), "Audit of made"), encoding="utf-8")


def write_rationales(results: Path) -> None:
    """Texts of a teacher for thirty training problems of ``sums``, finer from level to level."""
    problems = [
        Problem(
            f"sums-train-{n}", "sums", "train", f"How many are {n} and 1?", None, str(n + 1), "number", None, None, "made up",
            None,
        )
        for n in range(30)
    ]  # fmt: skip
    path = results / "data/sums/train.jsonl"
    path.write_text("".join(json.dumps(one.to_json()) + "\n" for one in problems), encoding="utf-8")
    for level in ("L1", "L5"):
        supervision = Supervision("sums", "tutor", "original", level)
        rows = []
        for n, problem in enumerate(problems):
            text = f"{n} + 1 = {n + 1}." if level == "L1" else f"First there are {n}. {n} + 1 = {n + 1}."
            row = Annotation(
                problem.id, 0, 0, "sums", "tutor", "original", level, text, str(n + 1), "agrees", "h", "made", {}, "stop", {},
                None,
            )  # fmt: skip
            rows.append(json.dumps(row.to_json()) + "\n")
        target = results / f"annotations/{supervision}.jsonl"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("".join(rows), encoding="utf-8")
