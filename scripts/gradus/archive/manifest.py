"""The manifest of an archive: its study, its tars, the tar of every member, and the sums of the files beside the tars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gradus.archive.tarball import is_dangerous
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_json
from gradus.study.config.names import problem_of_name

MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"


@dataclass(frozen=True)
class Tar:
    """The tar of a group: its file name, the number of files in it, its size in bytes, its SHA-256."""

    file: str
    files: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What ``manifest.json`` says.

    ``groups``: the tar of each group. ``companions``: the SHA-256 of each file beside the tars. ``members``: the group of
    each archived file. ``commit``: of the code that ran; ``changed_since_commit``: whether files differed from it (None
    outside a git checkout). ``is_of_0_1_0``: packed by version 0.1.0, whose scores lie elsewhere than today's.
    """

    study: str
    groups: Mapping[str, Tar]
    companions: Mapping[str, str]
    members: Mapping[str, str]
    commit: str | None = None
    changed_since_commit: bool | None = None
    is_of_0_1_0: bool = False

    def to_json(self) -> dict[str, object]:
        """The content of the file."""
        return {name: value for name, value in asdict(self).items() if name != "is_of_0_1_0"}

    @classmethod
    def from_json(cls, value: Any, where: str | Path) -> Manifest:
        """A manifest from anywhere, checked; UserError where it is not one, or names a file outside of its folder."""
        try:
            found = cls(
                study=_text(value["study"]),
                groups={_text(name): _tar(facts) for name, facts in value["groups"].items()},
                # Archives of version 0.1.0 say `beside`.
                companions=_texts(value["companions"] if "companions" in value else value["beside"]),
                members=_texts(value["members"]),
                commit=None if value.get("commit") is None else _text(value["commit"]),
                changed_since_commit=value.get("changed_since_commit"),
                is_of_0_1_0="companions" not in value,
            )
        except (KeyError, TypeError, AttributeError):
            raise UserError("is not the manifest of an archive", where=where) from None
        if problem_of_name(found.study) is not None:
            raise UserError(f"names a study {found.study!r}, which cannot be the name of a study", where=where)
        for name in (*found.companions, *(tar.file for tar in found.groups.values())):
            if is_dangerous(name) or "/" in name:
                raise UserError(f"names a file that lies elsewhere: {name!r}", where=where)
        return found


def read_manifest(folder: Path) -> Manifest:
    """The manifest of an archive; UserError where there is none or it is not one."""
    path = folder / MANIFEST
    if not path.is_file():
        raise UserError(f"holds no archive: {MANIFEST} is missing", where=folder, hint=_where_it_is(folder))
    return Manifest.from_json(read_json(path), path)


def _where_it_is(folder: Path) -> str:
    """What to name, or to do, where a folder is no archive."""
    if (folder / "archive" / MANIFEST).is_file():
        return f"did you mean {folder / 'archive'}?"
    if folder.is_file():
        return "a file: unpack it, and name the folder"
    return "`snakemake archive` writes one, into results/STUDY/archive"


def _tar(facts: Any) -> Tar:
    if not isinstance(facts["files"], int) or not isinstance(facts["bytes"], int):
        raise TypeError
    return Tar(_text(facts["file"]), facts["files"], facts["bytes"], _text(facts["sha256"]))


def _texts(value: Any) -> dict[str, str]:
    return {_text(name): _text(text) for name, text in value.items()}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
