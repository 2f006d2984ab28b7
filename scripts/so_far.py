"""Write exhibits, explorer and report of what there is of a study by now, missing cells visible. Runs no job of the study."""

from pathlib import Path

from gradus.analysis.published import read
from gradus.presentation.exhibits.conditions import wanted
from gradus.presentation.exhibits.points import measured_cells
from gradus.presentation.exhibits.writing import write
from gradus.presentation.explorer.page import explorer
from gradus.presentation.report import build
from gradus.results.store import Results
from gradus.runtime import program
from gradus.runtime.atomic import write_text
from gradus.study.grid import requested_cells
from gradus.workflow.targets import finished_report_items


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--study", required=True, help="the resolved study (study.json)")
    options.add_argument("--numbers", required=True, help="the paper's published numbers")
    options.add_argument("--output", required=True, help="folder")
    given = options.parse_args()
    results = Results.open(Path(given.study).parent)
    study = results.study
    folder = Path(given.output)
    printed = read(Path(given.numbers))
    for name in wanted(study):
        write(results, name, printed, folder / f"{name}.csv")
    write_text(folder / "explorer.html", explorer(results, folder))
    items = finished_report_items(study)
    if items:
        build(given.study, items, folder / "report.zip")
    program.log.info("%d of %d cells are scored: %s", measured_cells(results), len(requested_cells(study)), folder)


if __name__ == "__main__":
    program.run(main)
