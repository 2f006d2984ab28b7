"""Separators of gold numbers: a comma that groups thousands is one thing, a decimal comma another, and a gold answer must not be
either."""

from __future__ import annotations

import re

_GROUPED = re.compile(r"[-+\u2212]?\s*\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d*)?(?:/\d+)?")


def has_doubtful_comma(text: str) -> bool:
    """Whether a number has a comma that does not group thousands (``3,5``, ``1.234,50``): read without it, 3,5 would be 35."""
    bare = text.strip().strip("$\u20ac\u00a3 %.")
    return "," in bare and not _GROUPED.fullmatch(bare)
