"""Write the table of model families from its measured results; --measure tries every architecture out, --check only compares."""

import json
from pathlib import Path

from gradus.evaluation import families
from gradus.runtime import program
from gradus.runtime.errors import UserError
from gradus.students.architectures import ARCHITECTURES

BEGIN, END = "<!-- families: written by `make docs` -->", "<!-- end of families -->"
DOCS = Path(__file__).resolve().parent.parent / "docs" / "reference"
RESULTS, PAGE = DOCS / "families.json", DOCS / "students.md"


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--measure", action="store_true", help="try every architecture out (a minute or two)")
    options.add_argument("--check", action="store_true")
    given = options.parse_args()
    if given.measure:
        tried = {name: families.try_out(name) for name in ARCHITECTURES}
        lines = ",\n".join(f'  "{name}": {json.dumps(columns)}' for name, columns in tried.items())
        RESULTS.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    made = f"{before}{BEGIN}\n{families.table(json.loads(RESULTS.read_text(encoding='utf-8')))}{END}{after}"
    if given.check and made != PAGE.read_text(encoding="utf-8"):
        raise UserError("does not agree with the results", where=PAGE, hint="run `make docs`")
    if not given.check:
        PAGE.write_text(made, encoding="utf-8")


if __name__ == "__main__":
    program.run(main)
