"""Score predictions against gold: one metric record, and one row per prediction."""

from gradus import program
from gradus.atomic import write_json
from gradus.jsonl import read_json, read_records, write_records
from gradus.records import Prediction, Problem
from gradus.scoring import score


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--problems", required=True, help="the test split")
    options.add_argument("--train-problems", required=True, help="the training split, for the most frequent answer")
    options.add_argument("--predictions", required=True)
    options.add_argument("--training-set-manifest", required=True)
    options.add_argument("--cell", required=True, type=program.json_option, help="the cell's wildcards as JSON")
    options.add_argument("--rows", required=True, help="where the rows go")
    options.add_argument("--output", required=True)
    given = options.parse_args()
    training_set = read_json(given.training_set_manifest)
    rows, metric = score(
        read_records(given.problems, Problem),
        read_records(given.train_problems, Problem),
        read_records(given.predictions, Prediction),
    )
    write_records(given.rows, rows)
    leaked = len(training_set["leaked"])
    taught = {
        "training_examples": training_set["rows"],
        "leaked_training_rows": leaked,
        "excerpt": training_set["excerpt"],
    }
    facts = {**given.cell, **metric, **taught}
    write_json(given.output, facts)
    program.log.info("%d of %d correct (%.1f %%)", metric["correct"], metric["n"], 100 * metric["accuracy"])


if __name__ == "__main__":
    program.run(main)
