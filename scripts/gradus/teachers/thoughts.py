"""Thoughts: what a reasoning model wrote before its answer, where the text itself holds it between tags (R1, QwQ, Qwen3).

Servers that know the model send thoughts apart; those that do not leave the tags in the text, some without the opening one.
"""

from __future__ import annotations

import re

_CLOSED = re.compile(r"\A\s*<(think|thinking|reasoning)>(.*?)</\1>", re.DOTALL | re.IGNORECASE)
_OPEN = re.compile(r"\A\s*<(?:think|thinking|reasoning)>", re.IGNORECASE)
_END = re.compile(r"</(?:think|thinking|reasoning)>", re.IGNORECASE)


def split_thoughts(text: str) -> tuple[str, str]:
    """The thoughts at the beginning of a text, and the text after them; a text without tags has no thoughts.

    Thoughts that never end (cut off) leave no text.
    """
    found = []
    while match := _CLOSED.match(text):
        found.append(match[2].strip())
        text = text[match.end() :].lstrip()
    opening = _OPEN.match(text)
    if opening is not None:
        found.append(text[opening.end() :].strip())
        text = ""
    else:
        end = _END.search(text)
        # The chat template has written the opening tag into the prompt.
        if end is not None and not re.search(r"<(?:think|thinking|reasoning)>", text[: end.start()], re.IGNORECASE):
            found.append(text[: end.start()].strip())
            text = text[end.end() :].lstrip()
    return "\n\n".join(filter(None, found)), text
