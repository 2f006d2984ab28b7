"""Restore an archive into a clone: its sums are checked, its results written, and nothing has to be computed again."""

from pathlib import Path

from gradus.archive.manifest import read_manifest
from gradus.archive.naming import archive_folder
from gradus.archive.portable import PortableStudy
from gradus.archive.restoring import restore
from gradus.runtime import program
from gradus.study import paths


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("archive", help="the folder of the archive, or the DOI of its record on Zenodo")
    options.add_argument("--url", help="another address of Zenodo")
    options.add_argument("--into", type=Path, default=".", help="the working folder (where Snakemake is started)")
    options.add_argument(
        "--code", action="store_true", help="also write the archived code, configuration and prompts, below code/"
    )
    options.add_argument(
        "--with-records",
        action="store_true",
        help="also write Snakemake's records of the jobs, with which an edit reruns what depends on it; they decide what "
        "counts as up to date, so ask for them only if you trust whoever packed the archive. Without them everything that "
        "is restored counts as up to date, under any settings and code",
    )
    options.add_argument(
        "--with-journal",
        action="store_true",
        help="also write the teachers' answers into journal/, from which every study here takes them; ask for them only if "
        "you trust whoever packed the archive. Without them the annotations are there all the same",
    )
    given = options.parse_args()
    archive = archive_folder(given.archive, given.url)
    restored = restore(archive, given.into, given.code, given.with_records, given.with_journal)
    if restored.study is not None:
        report(restored.study)
    manifest = read_manifest(archive)
    if manifest.is_of_0_1_0:
        program.log.info(
            "packed by Gradus 0.1.0, whose files lie elsewhere: python scripts/reanalyse.py %s --output FOLDER analyses it again",
            given.into / paths.RESULTS.of(manifest.study),
        )
    program.log.info("%d files written below %s", restored.written, given.into)


def report(study: PortableStudy) -> None:
    """Say what of the study was left out, where a reader sets it, and which files of this machine it reads."""
    for line in study.left_out:
        program.log.info("left out of the study: %s", line)
    if study.offline:
        program.log.info("answering from the journal alone (offline): the teachers %s", ", ".join(study.offline))
    if study.left_out or study.offline:
        program.log.info(
            "set yours in a second file: snakemake --configfile .../study.json mine.yaml; see docs/howto/archive-and-restore.md"
        )
    for line in study.local_paths:
        program.log.info("the study reads files of this machine where they are there: %s", line)


if __name__ == "__main__":
    program.run(main)
