"""Boxes: what a text puts into ``\\boxed{...}``. One pass over a text, however many boxes it opens and never closes."""

from __future__ import annotations

import re
from collections.abc import Iterator

# What may stand between boxes that are one answer together.
_TOGETHER = re.compile(r"(?:[\s,;$&]|\\q?quad|\\text\s*\{\s*,?\s*(?:and|or)\s*\}|\b(?:and|or)\b|\\[()\[\] ,;])*")
_BOX = re.compile(r"\\(?:boxed|fbox)\s*")
_STEP = re.compile(r"\\(?:boxed|fbox)\s*|(?<!\\)\\[{}]|[{}]")  # a set's own braces, \{ and \}, close nothing
_BARE = re.compile(r"(?![A-Za-z]{2})[^\s$.,{}]{1,100}")
TOGETHER = 20  # boxes that can be one answer
LONGEST = 2000  # characters; what is longer is no answer, and boxes within boxes would be copied again and again


def boxed(text: str) -> list[str]:
    """The contents of all ``\\boxed{...}`` (and ``\\fbox``, ``\\boxed x``) of a text, in order, braces balanced."""
    return [content for _, _, content in _boxes(text)]


def last_boxes(text: str) -> list[str]:
    """The contents of the last box, with those just before it where only commas or "and" stand between; each once.

    Empty boxes ("put the answer in \\boxed{}") count for nothing.
    """
    boxes = [box for box in _boxes(text) if box[2]][-TOGETHER:]
    if not boxes:
        return []
    found = [boxes[-1]]
    for box in reversed(boxes[:-1]):
        gap = text[box[1] : found[0][0]]
        if len(gap) > 100 or not _TOGETHER.fullmatch(gap):
            break
        found.insert(0, box)
    return list(dict.fromkeys(content for _, _, content in found))


def open_box(text: str) -> str | None:
    """What the last box holds that a cut-off text never closed, on its line."""
    at = max(text.rfind("\\boxed{"), text.rfind("\\fbox{"))
    if at < 0:
        return None
    content = text[text.index("{", at) + 1 :].partition("\n")[0]
    return content.rstrip(" .$") or None if content.count("}") <= content.count("{") else None


def _boxes(text: str) -> Iterator[tuple[int, int, str]]:
    """Where each box begins and ends, and its content, in the order of their beginnings."""
    if "\\boxed" not in text and "\\fbox" not in text:
        return iter(())
    found: list[tuple[int, int, str]] = []
    opened: list[tuple[int, int] | None] = []  # per open brace: where its box and its content begin, or no box
    at = 0
    while match := _STEP.search(text, at):
        at = match.end()
        if match[0] == "{":
            opened.append(None)
        elif match[0] in ("\\{", "\\}"):
            continue
        elif match[0] == "}":
            box = opened.pop() if opened else None
            if box and match.start() - box[1] <= LONGEST:
                found.append((box[0], at, text[box[1] : match.start()].strip()))
        elif text.startswith("{", at):
            opened.append((match.start(), at + 1))
            at += 1
        elif "\n" not in match[0] and (bare := _BARE.match(text, at)):
            found.append((match.start(), bare.end(), bare[0]))
    return iter(sorted(found))
