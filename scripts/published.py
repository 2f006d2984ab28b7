"""Judge a paper's claims by its own published numbers; --check only compares (`make docs` writes the page)."""

from pathlib import Path

from gradus.analysis import published
from gradus.presentation.claims import statements_markdown
from gradus.runtime import program
from gradus.runtime.atomic import write_text
from gradus.runtime.errors import UserError

HEAD = """\
# What the published numbers support

The claims of Chen et al. (2025, arXiv 2502.18001), tested on the means and standard deviations that the paper prints
(`published/`), by the same functions that test a study of one's own (docs/background/statistics.md says how). Written by
`python scripts/published.py`; do not edit.

Means and standard deviations of three runs speak of other seeds on the same test problems; single runs speak of the
trained models alone and get no verdict. Verdicts are at 5 %, adjusted within each claim of a section (Holm). Too few
data refute nothing.
"""


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--numbers", default="published/chen-2025.csv", help="the published numbers")
    options.add_argument("--output", default="docs/background/published.md", type=Path)
    options.add_argument("--check", action="store_true", help="write nothing; fail where the page does not agree")
    given = options.parse_args()
    parts = [HEAD]
    for title, statements in published.chen_2025(published.read(Path(given.numbers))).items():
        parts += [f"## {title}", "", statements_markdown(statements)]
    text = "\n".join(parts).rstrip() + "\n"
    if not given.check:
        write_text(given.output, text)
    elif not given.output.exists() or given.output.read_text(encoding="utf-8") != text:
        raise UserError("does not agree with the code", where=given.output, hint="run `make docs`")


if __name__ == "__main__":
    program.run(main)
