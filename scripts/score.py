"""Score predictions against gold: one metric record, and one row per prediction.

With --dataset anybody's outputs are scored: problems are JSONL with id, question, choices (or null) and answer, as the dataset
gives it; predictions are JSONL with id and text.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gradus.data.text_normalisation import normalised
from gradus.evaluation.grading import KINDS, Question, grade, read_question, summary
from gradus.evaluation.scoring import score
from gradus.records import Prediction, Problem
from gradus.runtime import program
from gradus.runtime.atomic import write_json, write_text
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_json, read_records, write_records
from gradus.study.paths import on_dataset


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--problems", required=True, help="the test split")
    options.add_argument("--dataset", choices=sorted(KINDS), help="score anybody's outputs for this dataset")
    options.add_argument("--train-problems", help="the training split, for the most frequent answer")
    options.add_argument("--predictions", required=True)
    options.add_argument("--training-set-manifest", help="what the student was trained on; without it: on nothing")
    options.add_argument("--cell", type=program.json_option, help="the cell's wildcards as JSON")
    options.add_argument("--rows", help="where the rows go")
    options.add_argument("--output", required=True)
    given = options.parse_args()
    if given.dataset:
        score_anything(given.dataset, Path(given.problems), Path(given.predictions), given.rows, given.output)
        return
    for name in ("train_problems", "cell", "rows"):
        if getattr(given, name) is None:
            options.error(f"without --dataset, --{name.replace('_', '-')} is required")
    problems, train_problems = read_records(given.problems, Problem), read_records(given.train_problems, Problem)
    rows, metric = score(problems, train_problems, read_records(given.predictions, Prediction))
    write_records(given.rows, rows)
    nothing: dict[str, Any] = {"rows": 0, "leaked": [], "excerpt": False}
    training_set = read_json(given.training_set_manifest) if given.training_set_manifest else nothing
    if given.cell["problems"].startswith(on_dataset("")):
        # No training of another dataset refuses what these problems ask.
        asked = {normalised(problem.full_text) for problem in problems}
        leaked = [problem.id for problem in train_problems if normalised(problem.full_text) in asked]
        training_set = {**training_set, "leaked": leaked if training_set["rows"] else []}
    taught = {
        "training_examples": training_set["rows"],
        "leaked_training_rows": len(training_set["leaked"]),
        "excerpt": training_set["excerpt"],
    }
    facts = {**given.cell, **metric, **taught}
    write_json(given.output, facts)
    program.log.info("%d of %d correct (%.1f %%)", metric["correct"], metric["n"], 100 * metric["accuracy"])


def score_anything(dataset: str, problems: Path, predictions: Path, rows: str | None, output: str) -> None:
    """Grade a file of texts; UserError where a line is no such record, or a prediction has no problem."""
    questions: dict[str, Question] = {}
    for where, row in lines(problems):
        question = read_question(row, dataset, where)
        if question.id in questions:
            raise UserError(f"the id {question.id!r} occurs twice", where=where)
        questions[question.id] = question
    graded = []
    for where, row in lines(predictions):
        if not isinstance(row.get("text"), str):
            raise UserError("no text under 'text'", where=where)
        if row.get("id") not in questions:
            raise UserError(f"prediction for an unknown problem {row.get('id')!r}", where=where)
        graded.append((row["id"], grade(row["text"], questions[row["id"]], dataset)))
    if not graded:
        raise UserError("no predictions", where=predictions)
    if rows:
        texts = [
            json.dumps({"id": name, **asdict(prediction)}, ensure_ascii=False) + "\n" for name, prediction in graded
        ]
        write_text(rows, "".join(texts))
    facts = summary([prediction for _, prediction in graded], dataset)
    facts["problems_without_prediction"] = len(set(questions) - {name for name, _ in graded})
    write_json(output, facts)
    program.log.info(
        "%s: %.2f %% robust, %.2f %% strict of %d",
        dataset,
        100 * facts["robust_accuracy"],
        100 * facts["strict_accuracy"],
        facts["n"],
    )


def lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of a JSONL file with file and line; UserError for a line that is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError("no such file", where=path) from None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise UserError(f"no JSON: {error}", where=f"{path}:{number}") from None
        if not isinstance(row, dict):
            raise UserError("no JSON object", where=f"{path}:{number}")
        yield f"{path}:{number}", row


if __name__ == "__main__":
    program.run(main)
