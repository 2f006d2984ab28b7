"""Draw the figure of one experiment, or the training loss or speed of all cells, as SVG and PDF."""

import json
from pathlib import Path
from typing import Any

from gradus.analysis.rows import rows
from gradus.presentation.figures import accuracy_figure, loss_figure, save, speed_figure
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
            save(accuracy_figure(rows(study, experiment), experiment), path)
        elif given.speed:
            save(speed_figure(_steps(study, paths.TELEMETRY), _steps(study, paths.TRACE)), path)
        else:
            save(loss_figure(_steps(study, paths.TRACE)), path)


def _steps(study: Study, pattern: str) -> dict[str, list[dict[str, Any]]]:
    found = {}
    for cell in cells(study):
        path = Path(paths.fill(pattern, study.study, cell))
        place = cell.supervision
        name = f"{place.teacher} {place.format} {place.level}" + (f" seed {cell.seed}" if cell.seed != 1 else "")
        found[f"{cell.student}|{name}"] = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return found


if __name__ == "__main__":
    program.run(main)
