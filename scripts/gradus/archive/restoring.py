"""Restoring: an archive back into a working folder, so that nothing has to be computed again."""

from __future__ import annotations

import os
from pathlib import Path

from gradus.archive import tarball
from gradus.archive.groups import PROJECT_FOLDER
from gradus.archive.jobs import METADATA
from gradus.archive.verification import SUMS, archive_problems, is_run_record, read_manifest, read_sums
from gradus.runtime.atomic import atomic_writer, sha256_file
from gradus.runtime.errors import UserError

_CODE, _RECORDS = f"{PROJECT_FOLDER}/", f"{METADATA.as_posix()}/"
# Where an archive may write: nothing in a clone that is run or read as a setting.
_PLACES = ("results/", "journal/", _CODE, _RECORDS)


def restore(folder: Path, target: Path, code: bool = False, records: bool = True) -> int:
    """Write an archive's results below ``target``; the number of files written.

    Everything is verified first. Files that are there with the same content are left alone; UserError for one with another,
    and for members that are neither results nor answers. Records of jobs that are there are kept, whatever they say.
    ``records``: Snakemake's too, with which it tells what a changed setting, or changed code, makes stale.
    ``code``: also the project's code, configuration and prompts, below ``code/``. All files get the same time: a time that
    differs would tell Snakemake that something is newer than what was made from it.
    """
    problems = archive_problems(folder)
    if problems:
        raise UserError(
            f"the archive is not what its sums say: {'; '.join(problems[:5])}", where=folder, hint="fetch it again"
        )
    manifest, sums = read_manifest(folder), read_sums(folder / SUMS)
    left_out = tuple(place for place, asked in ((_CODE, code), (_RECORDS, records)) if not asked)
    wanted = {name: digest for name, digest in sums.items() if not name.startswith(left_out)}
    for name in wanted:
        if not name.startswith(_PLACES):
            raise UserError(f"holds {name!r}, which is neither a result nor an answer", where=folder)
    _refuse_others(target, wanted)
    written = 0
    newest = 0.0
    made: list[Path] = []
    for facts in manifest["groups"].values():
        file = facts["file"]
        for name, stream, size in tarball.read(folder / file):
            path = target / name
            if name not in wanted or path.exists():
                continue
            with atomic_writer(path) as output:
                tarball.copy(stream, size, output, folder / file, name)
            made.append(path)
            newest = max(newest, path.stat().st_mtime)
            written += 1
    if any(name.startswith(_RECORDS) for name in wanted):
        # Beside records Snakemake looks for this folder, and says that it migrates them where there is none.
        (target / METADATA.parent / "incomplete").mkdir(parents=True, exist_ok=True)
    for path in made:
        os.utime(path, (newest, newest))
    return written


def _refuse_others(target: Path, sums: dict[str, str]) -> None:
    for name, digest in sums.items():
        path = target / name
        is_kept = name.startswith(_RECORDS) or is_run_record(name)
        if path.is_symlink() or (path.exists() and not is_kept and sha256_file(path) != digest):
            raise UserError(
                "is there already and differs from the archive", where=path, hint="restore into an empty clone"
            )
        for parent in path.parents:
            if parent == target:
                break
            if parent.is_symlink():
                raise UserError("is a link, files would be written elsewhere", where=parent)
