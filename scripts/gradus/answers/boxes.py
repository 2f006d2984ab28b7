"""Boxes: what a text puts into ``\\boxed{...}``."""

from __future__ import annotations

import re


def boxed(text: str) -> list[str]:
    """The contents of all ``\\boxed{...}`` (and ``\\fbox``, ``\\boxed x``) of a text, in order, braces balanced."""
    found = []
    for match in re.finditer(r"\\(?:boxed|fbox)\s*", text):
        rest = text[match.end() :]
        if not rest.startswith("{"):
            simple = re.match(r"[^\s$.,]+", rest)
            if simple:
                found.append(simple.group())
            continue
        depth = 0
        for index, character in enumerate(rest):
            depth += (character == "{") - (character == "}")
            if depth == 0:
                found.append(rest[1:index].strip())
                break
    return found
