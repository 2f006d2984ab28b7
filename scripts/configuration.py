"""Write the documents that follow from the code: configuration, schema, environment, sizing; --check only compares."""

import json
from pathlib import Path

from gradus.planning import sizing
from gradus.runtime import program
from gradus.runtime.environment import VARIABLES
from gradus.runtime.errors import UserError
from gradus.runtime.markdown import markdown_table
from gradus.study.config import Study
from gradus.study.config.reference import to_markdown

BEGIN, END = "<!-- sizing: written by `make docs` -->", "<!-- end of sizing -->"
ENVIRONMENT = """\
# Environment variables

No variable changes a result. What changes a result is a key of the study file.

Teachers' API keys are environment variables too. Each teacher names its own in `key_variable` ([teachers](teachers.md)).
"""
DOCS = Path(__file__).resolve().parent.parent / "docs"


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--check", action="store_true")
    given = options.parse_args()
    schema = Study.model_json_schema()
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Gradus study", **schema}
    made = {
        "reference/configuration.md": to_markdown(),
        "reference/environment.md": environment(),
        "reference/study.schema.json": json.dumps(schema, indent=2) + "\n",
        "howto/cluster.md": with_table((DOCS / "howto" / "cluster.md").read_text(encoding="utf-8"), sizing.table()),
    }
    for name, text in made.items():
        path = DOCS / name
        if given.check and (not path.exists() or path.read_text(encoding="utf-8") != text):
            raise UserError("does not agree with the code", where=path, hint="run `make docs`")
        if not given.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def environment() -> str:
    """The page of all environment variables."""
    table = markdown_table(
        ("variable", "meaning", "set by", "why it is a variable"),
        [(f"`{one.name}`", one.meaning, one.set_by, one.reason) for one in VARIABLES],
    )
    return f"{ENVIRONMENT}\n{table}"


def with_table(page: str, table: str) -> str:
    """A page with its sizing table, which stands between two comments, replaced."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table}{END}{after}"


if __name__ == "__main__":
    program.run(main)
