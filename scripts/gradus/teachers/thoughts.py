"""Thoughts: what a reasoning model wrote before its answer, where the text itself holds it between tags (R1, QwQ, Qwen3).

Servers that know the model send thoughts apart; those that do not leave the tags in the text, some without the opening one.
"""

from __future__ import annotations

import re

# How thoughts begin and end, whatever a server leaves in the text: tags, Magistral's and Kimi's marks, gpt-oss's channels.
_NAMES = ("think", "thinking", "thought", "reasoning", "seed:think")
_FINAL = r"<\|channel\|>final<\|message\|>"
_MARKS = (
    *((rf"<{name}\s*>", rf"</{name}\s*>") for name in _NAMES),
    (r"\[THINK\]", r"\[/THINK\]"),
    ("\u25c1think\u25b7", "\u25c1/think\u25b7"),
    (
        r"(?:<\|start\|>assistant)?<\|channel\|>(?:analysis|commentary)<\|message\|>",
        rf"(?:<\|end\|>)?(?:<\|start\|>assistant)?{_FINAL}",
    ),
)
_FLAGS = re.DOTALL | re.IGNORECASE
_ANY = "|".join(f"(?:{begin})" for begin, _ in _MARKS)
_CLOSED = re.compile(
    rf"\A\s*(?:{'|'.join(f'(?:{begin}(?P<m{n}>.*?){end})' for n, (begin, end) in enumerate(_MARKS))})", _FLAGS
)
_OPENING = re.compile(_ANY, _FLAGS)
_OPEN = re.compile(rf"\A\s*(?:{_ANY})", _FLAGS)
_END = re.compile("|".join(f"(?:{end})" for _, end in _MARKS), _FLAGS)
# What is no part of any text: byte order marks before it, and gpt-oss's end of an answer.
_INVISIBLE = "\ufeff\u200b"
_RETURN = re.compile(r"(?:<\|return\|>|<\|end\|>)\s*\Z")


def split_thoughts(text: str) -> tuple[str, str]:
    """The thoughts at the beginning of a text, and the text after them; a text without tags has no thoughts.

    Thoughts that never end (cut off) leave no text.
    """
    found = []
    text = text.lstrip(_INVISIBLE)
    if "<|channel|>" in text:
        text = _RETURN.sub("", text)
    while match := _CLOSED.match(text):
        found.append(str(match[match.lastgroup or 0]).strip())
        text = text[match.end() :].lstrip()
    opening = _OPEN.match(text)
    if opening is not None:
        found.append(text[opening.end() :].strip())
        text = ""
    else:
        end = _END.search(text)
        # The chat template has written the opening tag into the prompt.
        if end is not None and not _OPENING.search(text[: end.start()]):
            found.append(text[: end.start()].strip())
            text = text[end.end() :].lstrip()
    return "\n\n".join(filter(None, found)), text
