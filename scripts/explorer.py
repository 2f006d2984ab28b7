"""Write the explorer: one self-contained web page of what is there of a study; or the texts that have no room in it."""

from pathlib import Path

from gradus.presentation.explorer.collection import shown
from gradus.presentation.explorer.more_texts import write_more
from gradus.presentation.explorer.page import explorer
from gradus.results.store import Results
from gradus.runtime import program
from gradus.runtime.atomic import write_text


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--study", required=True, help="the resolved study (study.json)")
    options.add_argument("--output", help="the page")
    options.add_argument(
        "--texts", help="write the texts that have no room in the page into this folder beside it instead"
    )
    given = options.parse_args()
    results = Results.open(Path(given.study).parent)
    if given.texts:
        count = write_more(results, shown(results), Path(given.texts))
        program.log.info("%d files of texts", count) if count else program.log.info("the page holds all texts")
    else:
        write_text(given.output, explorer(results, Path(given.output).parent))


if __name__ == "__main__":
    program.run(main)
