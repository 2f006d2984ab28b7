"""Write the dataset card of a study's annotations and the model card of every trained student."""

from gradus.archive.cards.annotations import dataset_card
from gradus.archive.cards.students import model_card
from gradus.runtime import program
from gradus.runtime.atomic import write_text
from gradus.runtime.jsonl import read_json
from gradus.study import paths
from gradus.study.config import load
from gradus.study.grid import cells, supervisions


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--study", required=True, help="the resolved study (study.json)")
    given = options.parse_args()
    study = load(read_json(given.study), given.study)
    manifests = {
        place: read_json(paths.fill(paths.manifest(paths.ANNOTATIONS), study.study, place))
        for place in supervisions(study)
    }
    audit = read_json(paths.fill(paths.ANNOTATION_AUDIT, study.study))
    write_text(paths.fill(paths.DATASET_CARD, study.study), dataset_card(study, manifests, audit))
    for cell in cells(study):
        checkpoint = read_json(paths.fill(f"{paths.CHECKPOINT}/manifest.json", study.study, cell))
        taught = read_json(paths.fill(paths.manifest(paths.TRAINING_SET), study.study, cell))
        scores = {
            decoding: read_json(paths.fill(paths.METRICS, study.study, cell, decoding=decoding))
            for decoding in study.decodings
        }
        write_text(paths.fill(paths.MODEL_CARD, study.study, cell), model_card(study, cell, checkpoint, taught, scores))


if __name__ == "__main__":
    program.run(main)
