"""Draw the figure of one experiment, or the training loss or speed of all cells, as SVG and PDF."""

import json
from pathlib import Path
from typing import Any

from gradus.analysis.rows import rows
from gradus.presentation.exhibits.experiments import experiment_figure
from gradus.presentation.figure import save
from gradus.presentation.training_figures import Training, loss_figure, speed_figure
from gradus.records import Cell
from gradus.runtime import program
from gradus.runtime.jsonl import read_json
from gradus.study import paths
from gradus.study.config import Study, load
from gradus.study.grid import cells


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--study", required=True, help="the resolved study (study.json)")
    options.add_argument("--experiment", help="name of the experiment; without it the training loss is drawn")
    options.add_argument("--speed", action="store_true", help="draw how fast the cells trained")
    options.add_argument("--output", required=True, nargs="+", help="paths ending in .svg or .pdf")
    given = options.parse_args()
    study = load(read_json(given.study), given.study)
    for path in given.output:
        if given.experiment:
            experiment = study.experiments[given.experiment]
            save(experiment_figure(experiment, rows(study, experiment)), path)
        elif given.speed:
            save(speed_figure(trainings(study, with_telemetry=True)), path)
        else:
            save(loss_figure(trainings(study)), path)


def trainings(study: Study, with_telemetry: bool = False) -> list[Training]:
    """Every training of a study by what its student was taught; the seed is named where it is not the first."""
    found = []
    for cell in cells(study):
        label = " ".join((cell.supervision.teacher, cell.supervision.format, cell.supervision.level))
        label += f" seed {cell.seed}" if cell.seed != 1 else ""
        telemetry = _steps(study, paths.TELEMETRY, cell) if with_telemetry else []
        found.append(Training(cell.student, label, _steps(study, paths.TRACE, cell), telemetry))
    return found


def _steps(study: Study, pattern: str, cell: Cell) -> list[dict[str, Any]]:
    text = Path(paths.fill(pattern, study.study, cell)).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


if __name__ == "__main__":
    program.run(main)
