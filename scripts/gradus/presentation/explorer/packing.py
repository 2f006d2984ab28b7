"""Packing: how texts and facts stand in a page, and in the files beside it."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any


def packed(samples: list[list[Any]]) -> str:
    """One cell's texts as raw deflate in base64; an empty line for none."""
    if not samples:
        return ""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    raw = json.dumps(samples, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    return base64.b64encode(compressor.compress(raw) + compressor.flush()).decode("ascii")


def in_script(text: str) -> str:
    """JSON that cannot end the script element that holds it."""
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
