"""Seconds that jobs of a rule took on this machine, from the benchmark files that Snakemake left."""

from __future__ import annotations

import csv
import heapq
import re
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean

from gradus.runtime.attempts import RESULTS

_NEWEST = 40  # files of a rule that are read


def measured(patterns: Mapping[str, str], root: Path = Path()) -> dict[str, float]:
    """Mean seconds by rule; ``patterns`` are the rules' benchmark files with ``{wildcards}``.

    What this study measured counts; of a rule that it never ran, what other studies here did. A rule that nobody ran is left out.
    """
    found = {}
    for rule, pattern in patterns.items():
        own = re.sub(r"\{[^{}]*\}", "*", pattern)
        others = re.sub(rf"^{RESULTS}/[^/]+/", f"{RESULTS}/*/", own)
        seconds = _seconds(root, own) or _seconds(root, others)
        if seconds:
            found[rule] = fmean(seconds)
    return found


def _seconds(root: Path, pattern: str) -> list[float]:
    newest = heapq.nlargest(_NEWEST, root.glob(pattern), key=lambda path: path.stat().st_mtime)
    found = []
    for path in newest:
        try:
            with open(path, encoding="utf-8", newline="") as stream:
                found += [float(row["s"]) for row in csv.DictReader(stream, delimiter="\t")]
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return found
