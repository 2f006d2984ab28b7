"""Places: whether the folders that files of a study need can be made and written."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from gradus.runtime.errors import Mistakes, UserError


def refuse_what_is_in_the_way(files: Iterable[str | Path], written: bool = False) -> None:
    """UserError that names every file, or link to nowhere, which stands where one of ``files`` needs a folder.

    ``written``: and every folder in which one of them cannot be made.
    """
    there: dict[Path, bool] = {}
    places: dict[Path, None] = {}  # the last folder on the way to each file that is there
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
