"""Write the table of one experiment as CSV, Markdown and LaTeX."""

from pathlib import Path

from gradus.analysis.summaries import summaries
from gradus.presentation.exhibits.experiments import experiment_table, to_csv
from gradus.results.store import Results
from gradus.runtime import program
from gradus.runtime.atomic import write_text
from gradus.runtime.markdown import one_line


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--study", required=True, help="the resolved study (study.json)")
    options.add_argument("--experiment", required=True)
    options.add_argument("--output", required=True, help="path of the CSV; the others lie beside it")
    given = options.parse_args()
    results = Results.open(Path(given.study).parent)
    experiment = results.study.experiments[given.experiment]
    conditions = summaries(results, experiment)
    table = experiment_table(given.experiment, experiment, conditions)
    output = Path(given.output)
    write_text(output, to_csv(conditions, experiment))
    write_text(output.with_suffix(".md"), f"# {one_line(experiment.question)}\n\n{table.markdown()}\n{table.note}\n")
    write_text(output.with_suffix(".tex"), table.latex())


if __name__ == "__main__":
    program.run(main)
