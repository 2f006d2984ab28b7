"""Write how natural texts are to the untrained students beside what these learned from them: table and figure."""

from pathlib import Path

from gradus.analysis.collection import fits, measured
from gradus.analysis.evidence import Evidence
from gradus.presentation.figure import save
from gradus.presentation.student_fits import fits_figure, fits_table, to_csv
from gradus.results.store import Results
from gradus.runtime import program
from gradus.runtime.atomic import write_text


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--study", required=True, help="the resolved study (study.json)")
    options.add_argument("--table", required=True, help="path of the CSV; Markdown and LaTeX lie beside it")
    options.add_argument(
        "--figure", required=True, help="path of the SVG; a PDF and what it shows as CSV lie beside it"
    )
    given = options.parse_args()
    results = Results.open(Path(given.study).parent)
    evidence = Evidence(measured(results), fits=fits(results))
    table, output = fits_table(evidence), Path(given.table)
    write_text(output, to_csv(evidence))
    write_text(output.with_suffix(".md"), f"# {table.caption}\n\n{table.markdown()}\n{table.note}\n")
    write_text(output.with_suffix(".tex"), table.latex())
    for ending in (".svg", ".pdf"):
        save(fits_figure(evidence), Path(given.figure).with_suffix(ending))
    write_text(Path(given.figure).with_suffix(".csv"), to_csv(evidence))


if __name__ == "__main__":
    program.run(main)
