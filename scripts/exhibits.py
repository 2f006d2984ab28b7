"""Write one exhibit (a table or figure of the paper, from this study) with its numbers and the printed ones beside them."""

from pathlib import Path

from gradus.analysis.published import read
from gradus.presentation.exhibits.conditions import CONDITIONS
from gradus.presentation.exhibits.writing import write
from gradus.results.store import Results
from gradus.runtime import program


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--study", required=True, help="the resolved study (study.json)")
    options.add_argument("--exhibit", required=True, choices=list(CONDITIONS))
    options.add_argument("--numbers", required=True, help="the paper's published numbers")
    options.add_argument("--output", required=True, help="path of the CSV; the others lie beside it")
    given = options.parse_args()
    results = Results.open(Path(given.study).parent)
    write(results, given.exhibit, read(Path(given.numbers)), Path(given.output))


if __name__ == "__main__":
    program.run(main)
