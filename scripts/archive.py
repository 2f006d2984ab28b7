"""Pack code, configuration, data and results of a study into one deterministic tar with SHA-256 sums."""

from pathlib import Path

from gradus import program
from gradus.archive import build, code_files
from gradus.config import load
from gradus.grid import archived
from gradus.jsonl import read_json


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--study", required=True, help="the resolved study (study.json)")
    options.add_argument("--sums", required=True)
    options.add_argument("--output", required=True)
    given = options.parse_args()
    study = load(read_json(given.study), given.study)
    project = Path(__file__).resolve().parent.parent
    members = [(f"code/{path.relative_to(project).as_posix()}", path) for path in code_files(project)]
    members += [(path, Path(path)) for path in archived(study)]
    count = build(members, Path(given.output), Path(given.sums))
    program.log.info("%d files, %.1f MB", count, Path(given.output).stat().st_size / 1e6)


if __name__ == "__main__":
    program.run(main)
