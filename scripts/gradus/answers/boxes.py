"""Boxes: what a text puts into ``\\boxed{...}``."""

from __future__ import annotations

import re
from collections.abc import Iterator

# What may stand between boxes that are one answer together.
_TOGETHER = re.compile(r"(?:[\s,;$&]|\\q?quad|\\text\s*\{\s*,?\s*(?:and|or)\s*\}|\b(?:and|or)\b|\\[()\[\] ,;])*")


def boxed(text: str) -> list[str]:
    """The contents of all ``\\boxed{...}`` (and ``\\fbox``, ``\\boxed x``) of a text, in order, braces balanced."""
    return [content for _, _, content in _boxes(text)]


def last_boxes(text: str) -> list[str]:
    """The contents of the last box, with those just before it where only commas or "and" stand between; each once."""
    boxes = list(_boxes(text))
    if not boxes:
        return []
    found = [boxes[-1]]
    for box in reversed(boxes[:-1]):
        if not _TOGETHER.fullmatch(text[box[1] : found[0][0]]):
            break
        found.insert(0, box)
    return list(dict.fromkeys(content for _, _, content in found if content))


def _boxes(text: str) -> Iterator[tuple[int, int, str]]:
    """Where each box begins and ends, and its content."""
    for match in re.finditer(r"\\(?:boxed|fbox)\s*", text):
        start = match.end()
        if not text.startswith("{", start):
            simple = re.match(r"[^\s$.,]+", text[start:])
            if simple:
                yield match.start(), start + simple.end(), simple.group()
            continue
        depth = 0
        for index in range(start, len(text)):
            depth += (text[index] == "{") - (text[index] == "}")
            if depth == 0:
                yield match.start(), index + 1, text[start + 1 : index].strip()
                break
