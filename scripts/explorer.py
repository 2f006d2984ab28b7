"""Write the explorer: one self-contained web page of what is there of a study."""

from pathlib import Path

from gradus.presentation.explorer.page import explorer
from gradus.results.store import Results
from gradus.runtime import program
from gradus.runtime.atomic import write_text


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--study", required=True, help="the resolved study (study.json)")
    options.add_argument("--output", required=True)
    given = options.parse_args()
    write_text(given.output, explorer(Results.open(Path(given.study).parent), Path(given.output).parent))


if __name__ == "__main__":
    program.run(main)
