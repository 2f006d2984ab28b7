"""Make the browsable report of finished items with Snakemake's own reporter."""

from pathlib import Path

from gradus.presentation.report import build
from gradus.runtime import program
from gradus.runtime.jsonl import read_json
from gradus.study.config import load
from gradus.workflow.targets import report_items


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--study", required=True, help="the resolved study (study.json)")
    options.add_argument("--output", required=True, help="a .zip")
    given = options.parse_args()
    study = load(read_json(given.study), given.study)
    build(given.study, list(report_items(study)), Path(given.output))


if __name__ == "__main__":
    program.run(main)
