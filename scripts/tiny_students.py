"""Write stand-ins for the paper's seven students: their architectures and kinds of tokenizer, a few thousand random weights."""

from pathlib import Path

from gradus.runtime import program
from gradus.students import tiny_models


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("folder", help="where to write them, a folder each")
    given = options.parse_args()
    for name, (family, config) in tiny_models.PAPER.items():
        tiny_models.make(family, Path(given.folder) / name, **config)
        program.log.info("%s: a random %s in %s", name, family, Path(given.folder) / name)


if __name__ == "__main__":
    program.run(main)
