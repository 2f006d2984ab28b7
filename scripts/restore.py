"""Restore an archive into a clone: its sums are checked, its results written, and nothing has to be computed again."""

from pathlib import Path

from gradus.archive.restoring import restore
from gradus.runtime import program


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("archive", help="the folder of the archive")
    options.add_argument("--into", default=".", help="the working folder (where Snakemake is started)")
    options.add_argument(
        "--code", action="store_true", help="also write the archived code, configuration and prompts, below code/"
    )
    options.add_argument(
        "--without-records",
        action="store_true",
        help="leave Snakemake's records out: whatever is restored counts as up to date, under any settings and code",
    )
    given = options.parse_args()
    count = restore(Path(given.archive), Path(given.into), given.code, records=not given.without_records)
    program.log.info("%d files written below %s", count, given.into)


if __name__ == "__main__":
    program.run(main)
