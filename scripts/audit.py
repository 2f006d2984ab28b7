"""Audit a dataset: counts, overlap of train and test, the most frequent answer."""

from gradus import program
from gradus.atomic import write_json
from gradus.audit import audit
from gradus.jsonl import read_records
from gradus.records import Problem


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--train", required=True)
    options.add_argument("--test", required=True)
    options.add_argument("--output", required=True)
    given = options.parse_args()
    write_json(given.output, audit(read_records(given.train, Problem), read_records(given.test, Problem)))


if __name__ == "__main__":
    program.run(main)
