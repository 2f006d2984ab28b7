"""Private folders: what only this user may write, because it is read back as code.

DeepSpeed resumes from pickles, and a pickle runs code when it is read. The hashes that seal a checkpoint lie beside it: they
show a torn file, and stop nobody who may write there.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from gradus.runtime.errors import UserError

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_OTHERS_ENTER = stat.S_IXGRP | stat.S_IXOTH


def make_private(folder: Path) -> None:
    """Make a folder, and its missing parents, for this user alone; what exists already stays as it is."""
    if not folder.is_dir():
        make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def refuse_shared(folder: Path) -> None:
    """UserError where others may replace what lies in a folder: it is theirs, or they may write there.

    A sticky folder (as ``/tmp``) is accepted: nobody may rename or delete what is another user's there.
    """
    facts = folder.stat()
    is_open = facts.st_mode & _OTHERS_WRITE and not facts.st_mode & stat.S_ISVTX
    if facts.st_uid not in (os.getuid(), 0) or is_open:
        raise _shared(folder, folder, facts)


def refuse_shared_tree(folder: Path) -> None:
    """UserError where others may have written anything below a folder, or may do so now."""
    _check_tree(folder, folder, is_reachable=True)


def _check_tree(path: Path, root: Path, is_reachable: bool) -> None:
    facts = path.lstat()
    if path == root and stat.S_ISLNK(facts.st_mode):
        raise UserError("is a link where a folder belongs", where=path, hint="delete it; the training starts anew")
    is_link = stat.S_ISLNK(facts.st_mode)
    if facts.st_uid not in (os.getuid(), 0) or (is_reachable and not is_link and facts.st_mode & _OTHERS_WRITE):
        raise _shared(path, root, facts)
    if stat.S_ISDIR(facts.st_mode):
        for inner in sorted(path.iterdir()):
            _check_tree(inner, root, is_reachable and bool(facts.st_mode & _OTHERS_ENTER))


def _shared(path: Path, root: Path, facts: os.stat_result) -> UserError:
    if facts.st_uid not in (os.getuid(), 0):
        return UserError(
            f"belongs to another user (number {facts.st_uid}), and progress is resumed from pickles, which can run code",
            where=path,
            hint=f"delete {root} if you trust nobody there, or set GRADUS_WORK to a folder of your own",
        )
    return UserError(
        "others may write there, and progress is resumed from pickles, which can run code",
        where=path,
        hint=f"if you know who wrote what is there: chmod -R go-w {root}; or set GRADUS_WORK to a folder of your own",
    )
