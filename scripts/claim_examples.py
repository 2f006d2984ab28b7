"""Write a sentence for every outcome of every claim, from made-up evidence; --check only compares (`make docs` writes it)."""

from pathlib import Path

from gradus.analysis.claim_examples import examples
from gradus.presentation.claims import example_page
from gradus.runtime import program
from gradus.runtime.atomic import write_text
from gradus.runtime.errors import UserError


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--output", default="docs/background/claim-examples.md", type=Path)
    options.add_argument("--check", action="store_true", help="write nothing; fail where the page does not agree")
    given = options.parse_args()
    text = example_page(examples())
    if not given.check:
        write_text(given.output, text)
    elif not given.output.exists() or given.output.read_text(encoding="utf-8") != text:
        raise UserError("does not agree with the code", where=given.output, hint="run `make docs`")


if __name__ == "__main__":
    program.run(main)
