"""Write the dataset card of a study's annotations and the model card of every trained student."""

from pathlib import Path

from gradus.archive.cards.annotations import dataset_card
from gradus.archive.cards.students import model_card
from gradus.results.store import Results
from gradus.runtime import program
from gradus.runtime.atomic import write_text
from gradus.study import paths
from gradus.study.grid import cells, trained


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--study", required=True, type=Path, help="the resolved study (study.json)")
    given = options.parse_args()
    results = Results.open(given.study.parent)
    write_text(results.path(paths.DATASET_CARD), dataset_card(results))
    for cell in trained(cells(results.study)):
        write_text(results.path(paths.MODEL_CARD, cell), model_card(results, cell))


if __name__ == "__main__":
    program.run(main)
