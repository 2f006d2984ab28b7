"""Verification: sums of an archive's tars, of their members, and of the files that were made from them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

from gradus.archive import tarball
from gradus.archive.contradictions import LARGEST, contradictions, is_manifest
from gradus.archive.manifest import MANIFEST, SUMS, Manifest, read_manifest
from gradus.archive.portable import archived_study, portable_study
from gradus.runtime.atomic import sha256_bytes, sha256_file
from gradus.runtime.errors import UserError
from gradus.study import paths

_FAMILIES = ("data", "annotations", "predictions", "metrics", "tables", "figures", "paper", "cards")


def read_sums(path: Path) -> dict[str, str]:
    """The sums of a SHA256SUMS file by name; UserError with the first line that is not one of a sum and a name."""
    found: dict[str, str] = {}
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        raise UserError("no such file", where=path) from None
    except UnicodeDecodeError:
        raise UserError("is not a SHA256SUMS file: it is not UTF-8", where=path) from None
    for number, line in enumerate(lines[:-1] if lines[-1] == "" else lines, 1):
        digest, gap, name = line.partition("  ")
        if not gap or len(digest) != 64 or tarball.is_dangerous(name):
            raise UserError("is not a line of a SHA256SUMS file", where=f"{path}:{number}")
        if name in found:
            raise UserError(f"names {name!r} a second time", where=f"{path}:{number}")
        found[name] = digest
    return found


def archive_problems(folder: Path) -> list[str]:
    """What is wrong with an archive, a line each: changed, missing and extra files; nothing where all is well.

    The members are read as well, not only the tars' own sums. Raises UserError where there is no archive or a tar could do harm.
    """
    manifest = read_manifest(folder)
    sums = read_sums(folder / SUMS)
    problems = []
    known = {MANIFEST, SUMS, *manifest.companions}
    for name, digest in manifest.companions.items():
        if not (folder / name).is_file():
            problems.append(f"missing: {name}")
        elif sha256_file(folder / name) != digest:
            problems.append(f"changed: {name}")
    expected = dict(sums)
    manifests: dict[str, bytes] = {}
    for group, tar in manifest.groups.items():
        path = folder / tar.file
        known.add(tar.file)
        if not path.is_file():
            problems.append(f"missing: {tar.file}")
            expected = {name: digest for name, digest in expected.items() if manifest.members.get(name) != group}
            continue
        if path.stat().st_size != tar.bytes or sha256_file(path) != tar.sha256:
            problems.append(f"changed: {tar.file}")
        problems += _member_problems(path, expected, manifests)
    problems += _listing_problems(manifest, sums)
    problems += [f"missing: {name}" for name in expected]
    problems += [f"contradicted: {line}" for line in contradictions(sums, manifests)]
    return problems + [
        f"extra: {tarball.printable(path.name)}" for path in sorted(folder.iterdir()) if path.name not in known
    ]


def _listing_problems(manifest: Manifest, sums: Mapping[str, str]) -> list[str]:
    """Where the manifest's list of members is not that of the sums: nothing else has a sum of the manifest."""
    problems = [f"changed: {MANIFEST} does not list {name}" for name in sums if name not in manifest.members]
    for name, group in manifest.members.items():
        if name not in sums:
            problems.append(f"changed: {MANIFEST} lists {tarball.printable(name)}, which has no sum")
        elif group not in manifest.groups:
            problems.append(f"changed: {MANIFEST} has no tar of the group {tarball.printable(group)}")
    results = f"{paths.RESULTS.of(manifest.study)}/"
    if sums and not any(name.startswith(results) for name in sums):
        problems.append(f"changed: {MANIFEST} names the study {manifest.study}, and nothing lies in {results}")
    return problems


def _member_problems(path: Path, expected: dict[str, str], manifests: dict[str, bytes]) -> list[str]:
    """Removes the members that it has read from ``expected``; keeps the manifests among them."""
    problems = []
    for name, stream, size in tarball.read(path):
        kept = io.BytesIO() if is_manifest(name) and size <= LARGEST else None
        digest = tarball.copy(stream, size, kept, path, name)
        if kept is not None:
            manifests[name] = kept.getvalue()
        if name not in expected:
            problems.append(f"extra: {name} in {path.name}")
        elif expected.pop(name) != digest:
            problems.append(f"changed: {name} in {path.name}")
    return problems


def restored_sums(folder: Path) -> dict[str, str]:
    """The sums of an archive's members as they are restored: those of the archive, but for a study that held commands."""
    manifest, sums = read_manifest(folder), read_sums(folder / SUMS)
    study = archived_study(folder, manifest)
    if study is not None:
        sums[paths.STUDY_COPY.of(manifest.study)] = sha256_bytes(study.content)
    return sums


def file_problems(folder: Path, sums: Mapping[str, str], study: str) -> list[str]:
    """How the results below ``folder`` differ from an archive's: changed and missing files, and extra ones in its families.

    ``sums``: those of the files as they are restored. Run records are left out, because another run of the same study has
    other times. Of ``study.json`` only what an archive carries is compared.
    """
    problems = []
    study_copy = paths.STUDY_COPY.of(study)
    archived = {
        name: digest for name, digest in sums.items() if name.startswith("results/") and not paths.is_run_record(name)
    }
    for name, digest in archived.items():
        path = folder / name
        if not path.is_file():
            problems.append(f"missing: {name}")
        elif (_study_digest(path) if name == study_copy else sha256_file(path)) != digest:
            problems.append(f"changed: {name}")
    for family in _FAMILIES:
        parent = folder / "results" / study / family
        for path in sorted(parent.rglob("*")) if parent.exists() else []:
            name = path.relative_to(folder).as_posix()
            if (
                path.is_file()
                and not paths.is_run_record(name)
                and not path.name.startswith(".")
                and name not in archived
            ):
                problems.append(f"extra: {tarball.printable(name)}")
    return problems


def _study_digest(path: Path) -> str:
    try:
        return sha256_bytes(portable_study(path.read_bytes(), path).content)
    except UserError:
        return sha256_file(path)
