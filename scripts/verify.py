"""Verify an archive, and the results in this folder against it: changed, missing and extra files."""

import sys
from pathlib import Path

from gradus.archive.verification import SUMS, archive_problems, file_problems, read_manifest, read_sums
from gradus.runtime import program


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("archive", help="the folder of the archive (results/STUDY/archive)")
    options.add_argument("--results", metavar="FOLDER", help="compare the results below this working folder too")
    given = options.parse_args()
    folder = Path(given.archive)
    problems = archive_problems(folder)
    if given.results:
        study = read_manifest(folder)["study"]
        problems += file_problems(Path(given.results), read_sums(folder / SUMS), study)
    for problem in problems:
        print(problem)
    if problems:
        program.log.info("%d problems", len(problems))
        sys.exit(1)
    program.log.info("%s: all %d files are as they were archived", folder, len(read_sums(folder / SUMS)))


if __name__ == "__main__":
    program.run(main)
