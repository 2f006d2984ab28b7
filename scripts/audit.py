"""Audit a dataset: counts, overlap of train and test, near-duplicates, doubtful golds, the most frequent answer."""

from gradus.data.audit import audit
from gradus.records import Problem
from gradus.runtime import program
from gradus.runtime.atomic import write_json
from gradus.runtime.jsonl import manifest_path, read_json, read_records


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--train", required=True)
    options.add_argument("--test", required=True)
    options.add_argument("--output", required=True)
    given = options.parse_args()
    facts = audit(read_records(given.train, Problem), read_records(given.test, Problem))
    manifests = [read_json(manifest_path(path)) for path in (given.train, given.test)]
    doubt = {
        "doubtful_gold": sum(len(manifest["doubtful_gold"]) for manifest in manifests),
        "without_gold": sum(manifest["without_gold"] for manifest in manifests),
    }
    write_json(given.output, {**facts, **doubt})


if __name__ == "__main__":
    program.run(main)
