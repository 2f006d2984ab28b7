"""Audit a dataset: counts, overlap of train and test, near-duplicates, doubtful golds, the most frequent answer."""

from gradus.data.audit import audit, audit_development, audit_others
from gradus.records import Problem
from gradus.runtime import program
from gradus.runtime.atomic import write_json
from gradus.runtime.jsonl import manifest_path, read_json, read_records


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--train", required=True)
    options.add_argument("--test", required=True)
    options.add_argument("--development", help="the development split, where there is one")
    options.add_argument("--others", nargs="*", default=[], help="the test splits of other datasets of the study")
    options.add_argument("--output", required=True)
    given = options.parse_args()
    train = read_records(given.train, Problem)
    facts = audit(train, read_records(given.test, Problem))
    if given.development:
        facts |= audit_development(train, read_records(given.development, Problem))
    others = {test[0].dataset: test for test in (read_records(path, Problem) for path in given.others)}
    facts |= audit_others(train, others) if others else {}
    every = (given.train, given.test, given.development)
    manifests = [read_json(manifest_path(path)) for path in every if path]
    doubt = {
        "doubtful_gold": sum(len(manifest["doubtful_gold"]) for manifest in manifests),
        "without_gold": sum(manifest["without_gold"] for manifest in manifests),
    }
    write_json(given.output, {**facts, **doubt})


if __name__ == "__main__":
    program.run(main)
