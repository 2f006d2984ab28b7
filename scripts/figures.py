"""Draw the figure of one experiment, or the training loss or speed of all cells, as SVG and PDF."""

from pathlib import Path

from gradus.analysis.summaries import summaries
from gradus.presentation.exhibits.experiments import experiment_figure
from gradus.presentation.figure import save
from gradus.presentation.training_figures import Training, loss_figure, speed_figure
from gradus.results.store import Results
from gradus.runtime import program
from gradus.study.grid import cells, trained


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--study", required=True, help="the resolved study (study.json)")
    options.add_argument("--experiment", help="name of the experiment; without it the training loss is drawn")
    options.add_argument("--speed", action="store_true", help="draw how fast the cells trained")
    options.add_argument("--output", required=True, nargs="+", help="paths ending in .svg or .pdf")
    given = options.parse_args()
    results = Results.open(Path(given.study).parent)
    study = results.study
    for path in given.output:
        if given.experiment:
            experiment = study.experiments[given.experiment]
            save(experiment_figure(experiment, summaries(results, experiment)), path)
        elif given.speed:
            save(speed_figure(trainings(results, with_telemetry=True)), path)
        else:
            save(loss_figure(trainings(results)), path)


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
