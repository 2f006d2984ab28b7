"""Generate envs/*.yaml from the stages in pyproject.toml; --check only tells whether they are up to date."""

import sys
import tomllib
from pathlib import Path

from gradus.runtime import program
from gradus.runtime.errors import UserError

PROJECT = Path(__file__).resolve().parent.parent
STAGES = ("data", "annotate", "train", "evaluate", "analyse", "generate-vllm")


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--check", action="store_true")
    given = options.parse_args()
    for name, text in environments().items():
        path = PROJECT / "envs" / f"{name}.yaml"
        if given.check and (not path.exists() or path.read_text(encoding="utf-8") != text):
            raise UserError("does not agree with pyproject.toml", where=path, hint="run `make environments`")
        if not given.check:
            path.write_text(text, encoding="utf-8")
            print(path.relative_to(PROJECT), file=sys.stderr)


def environments() -> dict[str, str]:
    """The conda environment file of every stage, by name."""
    facts = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    made = {}
    for stage in STAGES:
        lines = [
            f"# Stage {stage}; generated from pyproject.toml by `make environments`, do not edit.",
            "channels: [conda-forge, nodefaults]",
            "dependencies:",
            f"  - python={facts['tool']['gradus']['python']}",
            "  - pip",
            "  - pip:",
        ]
        lines += [f"      - {requirement}" for requirement in facts["dependency-groups"][stage]]
        made[stage] = "\n".join(lines) + "\n"
    return made


if __name__ == "__main__":
    program.run(main)
