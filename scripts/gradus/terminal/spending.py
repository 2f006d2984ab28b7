"""Dollars that this run has paid, from what its jobs note of themselves (``runtime.attempts``)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable

from gradus.runtime.attempts import folder_of

_BEGAN = time.time()


def usd_of(outputs: Iterable[str], began: float = _BEGAN) -> float:
    """Dollars of the tries of some outputs since the run began; a try that cannot be read counts nothing."""
    total = 0.0
    for output in outputs:
        folder = folder_of(output)
        for path in folder.glob("*.run.json") if folder is not None else ():
            try:
                if path.stat().st_mtime >= began:
                    total += float(json.loads(path.read_text(encoding="utf-8")).get("usd", 0.0))
            except (OSError, ValueError, AttributeError, RecursionError):
                continue
    return total
