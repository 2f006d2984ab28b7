"""Write what students solve of their own and of other datasets as CSV, Markdown and LaTeX."""

from pathlib import Path

from gradus.analysis.transfer import transfer_rows
from gradus.presentation.transfer import to_csv, transfer_table
from gradus.results.store import Results
from gradus.runtime import program
from gradus.runtime.atomic import write_text


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--study", required=True, help="the resolved study (study.json)")
    options.add_argument("--output", required=True, help="path of the CSV; the others lie beside it")
    given = options.parse_args()
    rows = transfer_rows(Results.open(Path(given.study).parent))
    table = transfer_table(rows)
    output = Path(given.output)
    write_text(output, to_csv(rows))
    write_text(output.with_suffix(".md"), f"# {table.caption}\n\n{table.markdown()}\n{table.note}\n")
    write_text(output.with_suffix(".tex"), table.latex())


if __name__ == "__main__":
    program.run(main)
