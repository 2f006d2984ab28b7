"""Summary of a finished run: where its results are, the headline numbers, how long it took. Imports nothing heavy."""

from __future__ import annotations

import json
import time
from pathlib import Path

from gradus.study import paths
from gradus.study.config import Study

_STARTED = time.monotonic()


def text(study: Study) -> str:
    """The closing lines; files that this run did not make are left out, and so is everything in a cluster job."""
    minutes = (time.monotonic() - _STARTED) / 60
    lines = [f"Study {study.study}: finished after {minutes:.1f} minutes of workflow."]
    results = {
        "findings": paths.FINDINGS,
        "report": paths.REPORT,
        "tables": paths.RESULTS / "tables",
        "figures": paths.RESULTS / "figures",
        "archive": paths.ARCHIVE,
    }
    for name, pattern in results.items():
        path = Path(pattern.of(study))
        if path.exists():
            lines.append(f"  {name + ':':10} {path}")
    headline = Path(paths.HEADLINE.of(study))
    if headline.exists():
        lines += ["Headline numbers:", json.loads(headline.read_text(encoding="utf-8"))["text"]]
    return "\n".join(lines)
