"""Compare two studies: every supervision and student that both have, with the difference and its interval."""

from pathlib import Path

from gradus.presentation.comparison import compare, to_csv, to_markdown
from gradus.runtime import program
from gradus.runtime.atomic import write_text


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("first", type=Path, help="the folder of a study's results, results/NAME")
    options.add_argument("second", type=Path, help="that of another; differences are second minus first")
    options.add_argument("--output", type=Path, help="also write the table as CSV")
    given = options.parse_args()
    comparisons = compare(given.first, given.second)
    print(to_markdown(comparisons, given.first.name, given.second.name), end="")
    if given.output:
        write_text(given.output, to_csv(comparisons))


if __name__ == "__main__":
    program.run(main)
