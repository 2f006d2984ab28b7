"""Naming: an archive is named by its folder, or by the DOI of its record."""

from __future__ import annotations

import re
from pathlib import Path

_DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:)?(10\.\d{4,9}/zenodo\.(\d+))")


def archive_folder(named: str, site: str | None = None) -> Path:
    """The folder of an archive; where a DOI of Zenodo names it, its files are fetched first (``site``: another address of it).

    UserError where the record is not there or a file arrives damaged.
    """
    found = _DOI.fullmatch(named)
    if found is None or Path(named).exists():
        return Path(named)
    # Programs that read a folder need no client.
    from gradus.archive.publishing.fetching import fetch_record

    return fetch_record(found[1], found[2], site)
