"""Verify an archive, and the results in this folder against it: changed, missing and extra files."""

import sys
from pathlib import Path

from gradus.archive.manifest import SUMS, read_manifest
from gradus.archive.naming import archive_folder
from gradus.archive.verification import archive_problems, file_problems, read_sums, restored_sums
from gradus.runtime import program


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument(
        "archive", help="the folder of the archive (results/STUDY/archive), or the DOI of its record on Zenodo"
    )
    options.add_argument("--url", help="another address of Zenodo")
    options.add_argument(
        "--results", type=Path, metavar="FOLDER", help="compare the results below this working folder too"
    )
    given = options.parse_args()
    archive = archive_folder(given.archive, given.url)
    problems = archive_problems(archive)
    if given.results:
        sums = read_sums(archive / SUMS) if problems else restored_sums(archive)
        problems += file_problems(given.results, sums, read_manifest(archive).study)
    for problem in problems:
        print(problem)
    if problems:
        program.log.info("%d problem%s", len(problems), "s" * (len(problems) > 1))
        sys.exit(1)
    count = len(read_sums(archive / SUMS))
    program.log.info("%s: all %d files are as they were archived", archive, count)


if __name__ == "__main__":
    program.run(main)
