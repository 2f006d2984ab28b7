"""Write exhibits, explorer and report of what there is of a study by now, missing cells visible. Runs no job of the study."""

import time
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
from gradus.runtime.errors import UserError
from gradus.study.grid import cells, requested_cells
from gradus.workflow.targets import finished_report_items

NUMBERS = Path(__file__).resolve().parent.parent / "published" / "chen-2025.csv"


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--study", required=True, help="the resolved study (study.json)")
    options.add_argument("--numbers", default=str(NUMBERS), help="the paper's published numbers")
    options.add_argument("--output", help="folder; without it so_far/ beside the study")
    options.add_argument(
        *("--watch", "-w"),
        type=program.number_option(1),
        metavar="SECONDS",
        help="write the explorer again and again, which reloads itself, until every cell is scored",
    )
    given = options.parse_args()
    folder = Path(given.output) if given.output else Path(given.study).parent / "so_far"
    if given.watch is not None:
        watch(Path(given.study), folder, given.watch)
    results = Results.open(Path(given.study).parent)
    study = results.study
    printed = read(Path(given.numbers))
    for name in wanted(study):
        write(results, name, printed, folder / f"{name}.csv")
    write_text(folder / "explorer.html", explorer(results, folder))
    items = finished_report_items(study)
    if items:
        build(given.study, items, folder / "report.zip")
    program.log.info("%d of %d cells are scored: %s", measured_cells(results), len(requested_cells(study)), folder)


def watch(study_file: Path, folder: Path, seconds: float) -> None:
    """Write the explorer until every cell that can be had is scored, or Ctrl-C; the caller writes the last one.

    UserError where there is no study yet; what cannot be read later, while jobs write, is read at the next turn.
    """
    page = folder / "explorer.html"
    Results.open(study_file.parent)
    program.log.info("open %s; it loads itself anew every %g s (Ctrl-C ends that)", page, seconds)
    try:
        while True:
            try:
                results = Results.open(study_file.parent)
                if all(results.has_metrics(cell) for cell in cells(results.study)):
                    return
                write_text(page, explorer(results, folder, reload_seconds=seconds))
            except UserError as error:
                program.log.info("the page stays as it is until the next turn: %s", error)
            time.sleep(seconds)
    except KeyboardInterrupt:
        program.log.info("stopped; the last page does not load itself anew")


if __name__ == "__main__":
    program.run(main)
