"""Draw the figure of one experiment, or the training loss or speed of all cells, as SVG and PDF; CSV is what it shows."""

from pathlib import Path

from gradus.analysis.summaries import summaries
from gradus.presentation.exhibits.experiment_figures import experiment_figure
from gradus.presentation.exhibits.experiments import to_csv
from gradus.presentation.figure import save
from gradus.presentation.table import csv_text
from gradus.presentation.training_figures import SPEEDS, Training, loss_figure, speed_figure
from gradus.records import Cell
from gradus.results.store import Results
from gradus.runtime import program
from gradus.runtime.atomic import write_text
from gradus.study.grid import cells, trained

_CELL = ("dataset", "teacher", "format", "level", "student", "seed")


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--study", required=True, help="the resolved study (study.json)")
    options.add_argument("--experiment", help="name of the experiment; without it the training loss is drawn")
    options.add_argument("--speed", action="store_true", help="draw how fast the cells trained")
    options.add_argument("--output", required=True, nargs="+", help="paths ending in .svg, .pdf or .csv")
    given = options.parse_args()
    results = Results.open(Path(given.study).parent)
    study = results.study
    for path in given.output:
        if given.experiment:
            experiment = study.experiments[given.experiment]
            rows = summaries(results, experiment)
            if path.endswith(".csv"):
                write_text(path, to_csv(rows, experiment))
            else:
                save(experiment_figure(experiment, rows), path)
        elif given.speed and path.endswith(".csv"):
            write_text(path, speeds(results))
        elif given.speed:
            save(speed_figure(trainings(results, with_telemetry=True)), path)
        elif path.endswith(".csv"):
            write_text(path, losses(results))
        else:
            save(loss_figure(trainings(results)), path)


def losses(results: Results) -> str:
    """The loss of every step as CSV."""
    rows = [
        [*_name(cell), str(step["step"]), step["loss"], step.get("validation_loss")]
        for cell in trained(cells(results.study))
        for step in results.trace(cell)
    ]
    return csv_text([*_CELL, "step", "loss", "validation_loss"], rows, ".6g")


def speeds(results: Results) -> str:
    """How every training ran as CSV; a column for each panel of the figure, empty where nothing was measured."""
    both = zip(trained(cells(results.study)), trainings(results, with_telemetry=True), strict=True)
    rows = [[*_name(cell), *(measure(training) for _, _, measure in SPEEDS)] for cell, training in both]
    return csv_text([*_CELL, *(name for name, _, _ in SPEEDS)], rows, ".6g")


def _name(cell: Cell) -> list[str]:
    return [*str(cell.supervision).split("/"), cell.student, str(cell.seed)]


def trainings(results: Results, with_telemetry: bool = False) -> list[Training]:
    """Every training of a study by what its student was taught."""
    found = []
    for cell in trained(cells(results.study)):
        label = " ".join((cell.supervision.teacher, cell.supervision.format, cell.supervision.level))
        telemetry = results.telemetry(cell) if with_telemetry else []
        found.append(Training(cell.student, label, results.trace(cell), telemetry))
    return found


if __name__ == "__main__":
    program.run(main)
