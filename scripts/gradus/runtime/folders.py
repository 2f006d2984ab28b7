"""Folders: the files below one, whatever of it lies elsewhere.

Data folders are put together from links, and results of a cluster lie on several disks: links to folders are followed.
"""

from __future__ import annotations

import os
from pathlib import Path


def files_below(folder: Path, ending: str = "") -> list[Path]:
    """All files below a folder whose names end so, sorted; none where it is absent. A folder that a link leads back to is
    entered once."""
    found: list[Path] = []
    entered: set[str] = set()
    for parent, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(parent)
        if real in entered:
            folders.clear()
            continue
        entered.add(real)
        found += [path for name in names if name.endswith(ending) and (path := Path(parent, name)).is_file()]
    return sorted(found)
