"""Write the table of one experiment as CSV, Markdown and LaTeX."""

from pathlib import Path

from gradus.analysis.rows import rows
from gradus.presentation.tables import to_csv, to_latex, to_markdown
from gradus.runtime import program
from gradus.runtime.atomic import write_text
from gradus.runtime.jsonl import read_json
from gradus.study.config import load


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--study", required=True, help="the resolved study (study.json)")
    options.add_argument("--experiment", required=True)
    options.add_argument("--output", required=True, help="path of the CSV; the others lie beside it")
    given = options.parse_args()
    study = load(read_json(given.study), given.study)
    experiment = study.experiments[given.experiment]
    table = rows(study, experiment)
    output = Path(given.output)
    write_text(output, to_csv(table))
    write_text(output.with_suffix(".md"), f"# {experiment.question}\n\n{to_markdown(table, experiment)}")
    write_text(output.with_suffix(".tex"), to_latex(table, experiment, given.experiment))


if __name__ == "__main__":
    program.run(main)
