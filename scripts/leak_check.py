"""Hold a training split against problems that its students will be asked, and refuse what would make them no test."""

from gradus.data.audit import leak_facts
from gradus.records import Problem
from gradus.runtime import program
from gradus.runtime.atomic import write_json
from gradus.runtime.jsonl import read_records


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--train", required=True)
    options.add_argument("--asked", required=True, help="the problems that the students will be asked")
    options.add_argument("--elsewhere", action="store_true", help="they are another dataset's")
    options.add_argument("--allow-leakage", action="store_true", help="count, and refuse nothing")
    options.add_argument("--output", required=True)
    given = options.parse_args()
    train, asked = read_records(given.train, Problem), read_records(given.asked, Problem)
    facts = leak_facts(train, asked, given.elsewhere, given.allow_leakage)
    write_json(given.output, facts)
    program.log.info("%d of %d training questions are asked word for word", len(facts["leaked"]), len(train))


if __name__ == "__main__":
    program.run(main)
