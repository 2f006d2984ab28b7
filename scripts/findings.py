"""Write the findings of a study in words, and its headline numbers."""

from gradus import paths, program
from gradus.atomic import write_json, write_text
from gradus.config import load
from gradus.findings import findings, headline, headline_text
from gradus.grid import supervisions
from gradus.jsonl import read_json
from gradus.pages import to_page


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--study", required=True, help="the resolved study (study.json)")
    options.add_argument("--headline", required=True, help="where the headline numbers go")
    options.add_argument("--page", required=True, help="where the findings go as a web page")
    options.add_argument("--output", required=True)
    given = options.parse_args()
    study = load(read_json(given.study), given.study)
    audits = [read_json(paths.fill(paths.AUDIT, study.study, dataset=name)) for name in study.datasets]
    annotations = {
        str(place): read_json(paths.fill(paths.manifest(paths.ANNOTATIONS), study.study, place))
        for place in supervisions(study)
    }
    text = findings(study, audits, annotations)
    write_text(given.output, text)
    write_text(given.page, to_page(text, study.study))
    facts = headline(study)
    write_json(given.headline, {**facts, "text": headline_text(facts)})


if __name__ == "__main__":
    program.run(main)
