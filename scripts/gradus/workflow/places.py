"""Places: whether the files of a study and the folders that they need can be made and written."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from gradus.runtime.errors import Mistakes, UserError
from gradus.study.paths import Folder


def refuse_what_is_in_the_way(files: Iterable[str | Path], written: bool = False) -> None:
    """UserError that names every file, or link to nowhere, which stands where one of ``files`` needs a folder, and every folder
    which stands where one of them belongs: Snakemake takes it for the output. One that is a ``Folder`` is no file.

    ``written``: and every folder in which one of them cannot be made.
    """
    files = list(files)
    there: dict[Path, bool] = {}
    places: dict[Path, None] = {}  # the last folder on the way to each file that is there
    folders = {str(file) for file in files if isinstance(file, Folder)}
    mistakes = Mistakes()
    for parent in dict.fromkeys(os.path.dirname(file) for file in files):
        last = None
        for folder in (*reversed(Path(parent).parents), Path(parent)):
            if folder not in there:
                there[folder] = False
                with mistakes:
                    there[folder] = _is_there(folder)
            if not there[folder]:
                break
            last = folder
        if last is not None:
            places[last] = None
    for path in map(str, files):
        with mistakes:
            if os.path.isdir(path) and path not in folders:
                raise UserError("is a folder, and a file is needed there", where=path, hint="move or delete it")
            if path in folders:
                _is_there(Path(path))
    for folder in places if written else ():
        if not os.access(folder, os.W_OK | os.X_OK):
            with mistakes:
                hint = "change its rights, or run in another folder"
                raise UserError("cannot be written to", where=folder, hint=hint)
    mistakes.report()


def _is_there(folder: Path) -> bool:
    if folder.is_dir():
        return True
    if folder.is_symlink():
        raise UserError(
            f"is a link to {os.readlink(folder)}, which is no folder", where=folder, hint="make that folder"
        )
    if folder.exists():
        raise UserError("is a file, and a folder is needed there", where=folder, hint="move or delete it")
    return False
