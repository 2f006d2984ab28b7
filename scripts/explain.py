"""Explain one number: the chain of files, hashes, parameters and costs behind a metric file, from problems to score."""

import json
import sys
from dataclasses import asdict

from gradus.archive.provenance import breaks, chain, parse_metric, to_text
from gradus.results.store import Results
from gradus.runtime import program
from gradus.study.paths import METRICS


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("metric", help=f"a metric file: {METRICS}")
    options.add_argument("--json", action="store_true", help="everything, for machines")
    given = options.parse_args()
    folder, evaluated = parse_metric(given.metric)
    links = chain(Results.open(folder), evaluated)
    broken = breaks(links)
    print(json.dumps([asdict(link) for link in links], indent=2) if given.json else to_text(links), end="")
    absent = sum(link.sha256 is None for link in links)
    if absent:
        program.log.info("%d of the %d files are not here, and were not checked", absent, len(links))
    for link in broken:
        program.log.info("the chain is broken: %s", link)
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    program.run(main)
