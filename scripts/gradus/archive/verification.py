"""Verification: sums of an archive's tars, of their members, and of the files that were made from them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gradus.archive import tarball
from gradus.runtime.atomic import sha256_file
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_json

MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"


def read_sums(path: Path) -> dict[str, str]:
    """The sums of a SHA256SUMS file by name; UserError with the line that is none."""
    found = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise UserError("no such file", where=path) from None
    for number, line in enumerate(lines, 1):
        digest, gap, name = line.partition("  ")
        if not gap or len(digest) != 64 or tarball.is_dangerous(name):
            raise UserError("is no line of a SHA256SUMS file", where=f"{path}:{number}")
        found[name] = digest
    return found


def archive_problems(folder: Path, whole: bool = True) -> list[str]:
    """What is wrong with an archive, a line each: changed, missing and extra files; nothing where all is well.

    ``whole``: the members are read as well, not only the tars' own sums. UserError where there is no archive or a tar could
    do harm.
    """
    manifest = read_manifest(folder)
    sums = read_sums(folder / SUMS)
    problems = []
    known = {MANIFEST, SUMS, *manifest["beside"]}
    for name, digest in manifest["beside"].items():
        if tarball.is_dangerous(name):
            raise UserError(f"names a file that lies elsewhere: {name!r}", where=folder / MANIFEST)
        if not (folder / name).exists():
            problems.append(f"missing: {name}")
        elif sha256_file(folder / name) != digest:
            problems.append(f"changed: {name}")
    expected = dict(sums)
    for group, facts in manifest["groups"].items():
        path = folder / facts["file"]
        known.add(facts["file"])
        if not path.exists():
            problems.append(f"missing: {facts['file']}")
            expected = {name: digest for name, digest in expected.items() if manifest["members"].get(name) != group}
            continue
        if path.stat().st_size != facts["bytes"] or sha256_file(path) != facts["sha256"]:
            problems.append(f"changed: {facts['file']}")
        if whole:
            problems += _member_problems(path, expected)
    if whole:
        problems += [f"missing: {name}" for name in expected]
    problems += [f"extra: {path.name}" for path in sorted(folder.iterdir()) if path.name not in known]
    return problems


def _member_problems(path: Path, expected: dict[str, str]) -> list[str]:
    """Takes what it has seen out of ``expected``."""
    problems = []
    for name, stream, size in tarball.read(path):
        digest = tarball.copy(stream, size, None, path, name)
        if name not in expected:
            problems.append(f"extra: {name} in {path.name}")
        elif expected.pop(name) != digest:
            problems.append(f"changed: {name} in {path.name}")
    return problems


def file_problems(folder: Path, sums: Mapping[str, str], study: str) -> list[str]:
    """How the results below ``folder`` differ from an archive's: changed and missing files, and extra ones in its families.

    What tells when and how fast a job ran (``.run.`` files) is no result: another run of the same study agrees.
    """
    problems = []
    mine = {name: digest for name, digest in sums.items() if name.startswith("results/") and not is_run_record(name)}
    for name, digest in mine.items():
        path = folder / name
        if not path.exists():
            problems.append(f"missing: {name}")
        elif sha256_file(path) != digest:
            problems.append(f"changed: {name}")
    for family in ("data", "annotations", "predictions", "metrics", "tables", "figures", "paper", "cards"):
        place = folder / "results" / study / family
        for path in sorted(place.rglob("*")) if place.exists() else []:
            name = path.relative_to(folder).as_posix()
            if path.is_file() and not is_run_record(name) and not path.name.startswith(".") and name not in mine:
                problems.append(f"extra: {name}")
    return problems


def is_run_record(name: str) -> bool:
    """Whether a file tells when and how fast something ran: a fact of a machine and an hour."""
    return ".run." in name.rsplit("/", 1)[-1]


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of an archive; UserError where there is none or it is not one."""
    path = folder / MANIFEST
    if not path.exists():
        raise UserError("holds no archive: manifest.json is missing", where=folder)
    manifest = read_json(path)
    if not {"study", "groups", "members", "beside"} <= set(manifest):
        raise UserError("is no manifest of an archive", where=path)
    return dict(manifest)
