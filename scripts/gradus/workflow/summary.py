"""What a finished run tells: where things are, the headline numbers, how long it took. Imports nothing heavy."""

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
    places = {
        "findings": paths.FINDINGS,
        "report": paths.REPORT,
        "tables": f"{paths.RESULTS}/tables",
        "figures": f"{paths.RESULTS}/figures",
        "archive": paths.ARCHIVE,
    }
    for name, pattern in places.items():
        path = Path(paths.fill(pattern, study.study))
        if path.exists():
            lines.append(f"  {name + ':':10} {path}")
    headline = Path(paths.fill(paths.HEADLINE, study.study))
    if headline.exists():
        lines += ["Headline numbers:", json.loads(headline.read_text(encoding="utf-8"))["text"]]
    return "\n".join(lines)
