"""Restoring: an archive back into a working folder, so that nothing has to be computed again."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gradus.archive import tarball
from gradus.archive.finished_jobs import METADATA
from gradus.archive.groups import PROJECT_FOLDER
from gradus.archive.manifest import MANIFEST, Manifest, read_manifest
from gradus.archive.portable import PortableStudy, archived_study
from gradus.archive.verification import archive_problems, restored_sums
from gradus.runtime.atomic import atomic_writer, sha256_file
from gradus.runtime.errors import UserError
from gradus.study import paths

_CODE, _RECORDS, _JOURNAL = f"{PROJECT_FOLDER}/", f"{METADATA.as_posix()}/", "journal/"
# Folders of a study whose files decide what is sent where.
_NEVER_RESTORED = ("archive", "publication")


@dataclass(frozen=True)
class Restored:
    """What a restore wrote: the number of members, and the study (None where the archive holds none)."""

    written: int
    study: PortableStudy | None


def restore(
    folder: Path,
    target: Path,
    code: bool = False,
    records: bool = False,
    journal: bool = False,
    archive: bool = True,
) -> Restored:
    """Write an archive's results below ``target``.

    Everything is verified first. Files that are there with the same content are left alone; UserError for one with another
    content, and for members that are neither results of the study nor answers of teachers. Records of jobs that are there
    are kept, whatever they say. The study is written without commands and the like (``portable``).
    ``records``: Snakemake's too, with which it knows what a changed setting, or changed code, makes stale.
    ``journal``: also the teachers' answers as they came, of which later annotations are made, in any study.
    ``code``: also the project's code, configuration and prompts, below ``code/``. All files get the same time: a time that
    differs would tell Snakemake that something is newer than what was made from it.
    ``archive``: the archive itself is copied to where the study keeps its own (``results/NAME/archive``).
    """
    problems = archive_problems(folder)
    if problems:
        only_more = all(problem.startswith("extra: ") and " in " not in problem for problem in problems)
        hint = "take them out of its folder" if only_more else "fetch it again"
        raise UserError(f"the archive is not what its sums say: {'; '.join(problems[:5])}", where=folder, hint=hint)
    manifest, sums = read_manifest(folder), restored_sums(folder)
    left_out = tuple(
        prefix for prefix, wanted in ((_CODE, code), (_RECORDS, records), (_JOURNAL, journal)) if not wanted
    )
    wanted = {name: digest for name, digest in sums.items() if not name.startswith(left_out)}
    for name in wanted:
        if not _may_be_written(name, manifest.study):
            raise UserError(f"holds {name!r}, which is neither a result nor an answer", where=folder)
    _refuse_name_collisions(target, wanted)
    _refuse_different_files(target, wanted)
    study = archived_study(folder, manifest)
    written = _write(folder, manifest, target, wanted, study)
    if any(name.startswith(_RECORDS) for name in wanted):
        # Snakemake expects this folder next to its records; without it, it reports that it migrates them.
        (target / METADATA.parent / "incomplete").mkdir(parents=True, exist_ok=True)
    every = [*written, *(_bring_archive(folder, manifest, target) if archive else ())]
    newest = max((path.stat().st_mtime for path in every), default=0.0)
    for path in every:
        os.utime(path, (newest, newest))
    return Restored(len(written), study)


def _bring_archive(folder: Path, manifest: Manifest, target: Path) -> list[Path]:
    """Copy the archive to where the study keeps its own, so that a run of the whole study has nothing to do; the new files.

    Only files that the manifest names (their sums were checked) and the manifest itself; an archive that is there is left.
    """
    own = target / paths.ARCHIVE.of(manifest.study)
    if own.is_symlink() or own.exists():
        return []
    names = [*manifest.companions, *(tar.file for tar in manifest.groups.values()), MANIFEST]
    written = []
    for name in dict.fromkeys(names):
        with open(folder / name, "rb") as source, atomic_writer(own / name) as output:
            shutil.copyfileobj(source, output)
        written.append(own / name)
    return written


def _write(
    folder: Path, manifest: Manifest, target: Path, wanted: Mapping[str, str], study: PortableStudy | None
) -> list[Path]:
    """Write the wanted members that are not there yet; their paths."""
    study_copy = paths.STUDY_COPY.of(manifest.study)
    written = []
    for tar in manifest.groups.values():
        for name, stream, size in tarball.read(folder / tar.file):
            path = target / name
            if name not in wanted or path.exists():
                continue
            with atomic_writer(path) as output:
                if name == study_copy and study is not None:
                    output.write(study.content)
                else:
                    tarball.copy(stream, size, output, folder / tar.file, name)
            written.append(path)
    return written


def _may_be_written(name: str, study: str) -> bool:
    """Whether a member is a result of the study, an answer of a teacher, code or a record; nothing that is run or believed.

    Directly in the folder of the study an archive brings its ``study.json`` and run records: another file there could be
    taken for a study.
    """
    if name.startswith((_CODE, _RECORDS, _JOURNAL)):
        return True
    inside = name.removeprefix(f"{paths.RESULTS.of(study)}/")
    if inside == name:
        return False
    family = re.match("([a-z_]+)/", inside)
    if family:
        return family[1] not in _NEVER_RESTORED
    return name == paths.STUDY_COPY.of(study) or ("/" not in inside and inside.endswith(".run.json"))


def _refuse_different_files(target: Path, sums: Mapping[str, str]) -> None:
    for name, digest in sums.items():
        path = target / name
        is_kept = name.startswith(_RECORDS) or paths.is_run_record(name)
        if path.is_symlink() or (path.exists() and not is_kept and (path.is_dir() or sha256_file(path) != digest)):
            raise UserError(
                "is there already and differs from the archive", where=path, hint="restore into an empty clone"
            )
        for parent in path.parents:
            if parent == target:
                break
            if parent.is_symlink():
                raise UserError("is a link, files would be written elsewhere", where=parent)
            if parent.exists() and not parent.is_dir():
                raise UserError("is a file where the archive has a folder", where=parent)


def _refuse_name_collisions(target: Path, names: Iterable[str]) -> None:
    """UserError where two members would be one file below ``target``, or one would be the folder of another."""
    key = file_name_key(target)
    found: dict[str, str] = {}
    for name in names:
        other = found.setdefault(key(name), name)
        if other != name:
            raise UserError(
                f"the archive holds {other!r} and {name!r}, which are one file here",
                where=target,
                hint="restore on a file system that tells capital letters and Unicode forms apart",
            )
    for name in found.values():
        for parent in PurePosixPath(name).parents:
            if key(parent.as_posix()) in found:
                raise UserError(f"the archive holds {parent.as_posix()!r} as a file and as a folder", where=target)


def file_name_key(target: Path) -> Callable[[str], str]:
    """What makes two names one file below ``target``, found by trying: capitals, Unicode forms, dots at the end."""
    folder = next(parent for parent in (target, *target.absolute().parents) if parent.is_dir())
    with tempfile.TemporaryDirectory(prefix=".gradus-", dir=folder) as scratch:
        probe = Path(scratch, "prob\u00e9")
        probe.touch()
        folds_case = probe.with_name("PROB\u00c9").exists()
        folds_forms = probe.with_name(unicodedata.normalize("NFD", probe.name)).exists()
        drops_dots = probe.with_name(f"{probe.name}.").exists()

    def key(name: str) -> str:
        if folds_forms:
            name = unicodedata.normalize("NFC", name)
        if folds_case:
            name = unicodedata.normalize("NFC", name.casefold()) if folds_forms else name.casefold()
        return "/".join(part.rstrip(". ") for part in name.split("/")) if drops_dots else name

    return key
