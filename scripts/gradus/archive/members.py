"""Members: the content of single files of an archive, read from its tars."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gradus.archive import tarball
from gradus.archive.manifest import Manifest


def read_members(folder: Path, manifest: Manifest, wanted: Callable[[str], bool]) -> dict[str, bytes]:
    """The files of an archive whose names are ``wanted``, by name; UserError for a tar that could do harm.

    They are held in memory: ask for tables and metrics, not for weights.
    """
    names = {name for name in manifest.members if wanted(name)}
    groups = dict.fromkeys(manifest.members[name] for name in sorted(names))
    found = {}
    for group in groups:
        for name, stream, _ in tarball.read(folder / manifest.groups[group].file):
            if name in names:
                found[name] = stream.read()
    return found
