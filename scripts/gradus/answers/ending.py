"""The ending of an output, in which its answer is looked for: one pre-pass for all kinds of answers.

In this order: only the last part of a very long text counts; characters have one spelling; thoughts are cut (``<think>``, channel
marks, opened or not, closed or not); what runs on into a further question is cut off; ``<answer>`` tags are opened.
"""

from __future__ import annotations

import re
import unicodedata

from gradus.answers.stated import phrases

LONGEST = 20_000  # characters; the rest of a longer text is repetition

_INVISIBLE = re.compile("[\u0000\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_SPACE = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
# Thousands in groups that one of these spaces holds together, as typographers set them: 1\u00a0250.
_GROUPS = re.compile("(?<![\\d.,])\\d{1,3}(?:[\u00a0\u2007\u2009\u202f]\\d{3})+(?!\\d)")
_LONG_SPACE = re.compile(r"[ \t]{9,}")
_LONG_BREAK = re.compile(r"\n[ \t\n]{9,}")
_WIDE = re.compile("[\uff01-\uff5e]")

_THOUGHTS = r"think(?:ing)?|thoughts?|reason(?:ing)?|scratch_?pad|reflection|analysis|inner_monologue"
_OPENED = re.compile(
    rf"<(?:{_THOUGHTS})>|\[(?:{_THOUGHTS})\]|<\|begin_of_thought\|>|\u25c1think\u25b7|<\|channel\|>\s*(?:analysis|commentary)\b"
    r"|<\|(?:begin_)?(?:thinking|think|reasoning)\|>",
    re.IGNORECASE,
)
_CLOSED = re.compile(
    rf"</(?:{_THOUGHTS})>|\[/(?:{_THOUGHTS})\]|<\|end_of_thought\|>|\u25c1/think\u25b7"
    r"|<\|channel\|>\s*final\s*(?:<\|message\|>)?|<\|end_(?:of_)?(?:thinking|think|reasoning)\|>"
    r"|<\|/(?:thinking|think|reasoning)\|>",
    re.IGNORECASE,
)
_MARKS_OF_THOUGHT = ("think", "thought", "reason", "channel", "scratch", "reflection", "analysis", "monologue")

# What begins a further question or another speaker's turn: at the beginning of a line, after a text that answers.
_FURTHER = re.compile(
    r"\n[ \t]*(?:[#*>_]{0,4}[ \t]*)?"
    r"(?:(?:(?:New|Next|Another)\s+)?(?:Question|Problem|Exercise|Instruction|Input|Task)(?:\s+\d{1,4})?(?:\*\*)?\s*[:.#]|Q(?:\s?\d{1,4})?\s*[:.)]"
    r"|(?:USER|User|Human|HUMAN)\s*:|#{2,4}\s*(?:Instruction|Question|Problem|Input|User|Human)\s*\d*\s*(?:[:.]|(?=\n|$))"
    r"|(?:\u95ee\u9898|\u95ee|\u9898\u76ee|Frage|Aufgabe|Pregunta|Problema|Pergunta|Domanda|Probl\u00e8me|\u0412\u043e\u043f\u0440\u043e\u0441|\u0417\u0430\u0434\u0430\u0447\u0430"
    r"|\u8cea\u554f|\u554f\u984c|\uc9c8\ubb38|\ubb38\uc81c)\s*[:\uff1a])"
)
_TURN = re.compile(
    r"<\|(?:im_end|eot_id|end_of_text|endoftext|end|return|eom_id|user|start_header_id|im_start)\|>|</s>|<end_of_turn>"
    r"|<start_of_turn>|\[INST\]|<\uff5cend\u2581of\u2581sentence\uff5c>|<\|begin_of_text\|>"
)
_SPECIAL = re.compile(r"<\|[A-Za-z0-9_]{1,40}\|>|<(?:s|pad|bos|eos|unk)>")
_BARE = 60  # characters: a text so short is a bare answer
_HEADING = re.compile(r"[:,]\W*$|\bStep\s+\d+[^\n]*$")  # what ends so goes on: the question is told again
_TAG = re.compile(
    r"<(answer|final_answer|finalanswer|final|solution|result|output)>((?:(?!<\1>).){0,2000}?)(?:</\1>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_STRUCK = re.compile(r"~~[^~\n]{1,200}~~")
_LIKE_TAG = re.compile(r"<(?:answer|final|solution|result|output)", re.IGNORECASE)


def ending(text: str) -> str:
    """The part of an output that can hold its final answer."""
    if len(text) > LONGEST:
        text = text[-LONGEST:]
    text = plain_characters(text)
    if "<" in text or "[" in text or "\u25c1" in text:
        text = answered(without_thoughts(text))
    if "~~" in text:
        text = _STRUCK.sub("", text)
    return before_a_further_question(text)


def plain_characters(text: str) -> str:
    """One spelling for spaces, line ends and full-width signs; invisible characters and endless blanks are dropped."""
    text = text.replace("\r\n", "\n")
    if not text.isascii():
        text = _GROUPS.sub(lambda match: _SPACE.sub("", match[0]), text)
        text = _WIDE.sub(
            lambda match: unicodedata.normalize("NFKC", match[0]), _SPACE.sub(" ", _INVISIBLE.sub("", text))
        )
        text = text.replace("\u2028", "\n").replace("\u2029", "\n").replace("\u0085", "\n")
    elif "\0" in text:
        text = text.replace("\0", "")
    if "         " in text or "\n\n" in text or "\n \n" in text:
        text = _LONG_BREAK.sub("\n\n", _LONG_SPACE.sub(" ", text))
    return text


def without_thoughts(text: str) -> str:
    """What comes after the last thoughts; what comes before thoughts that never end; all of it where that is nothing."""
    lower = text.lower()
    if not any(mark in lower for mark in _MARKS_OF_THOUGHT):
        return text
    closings = list(_CLOSED.finditer(text))
    if closings:
        rest = text[closings[-1].end() :]
        return rest if rest.strip() else text[: closings[-1].start()]
    opened = _OPENED.search(text)
    return text[: opened.start()] if opened and text[: opened.start()].strip() else text


def answered(text: str) -> str:
    """The content of the last pair of answer tags; the text itself where there are none."""
    if not _LIKE_TAG.search(text):
        return text
    found = [match[2].strip() for match in _TAG.finditer(text)]
    return next((content for content in reversed(found) if content), text)


def before_a_further_question(text: str) -> str:
    """The text up to another speaker's turn, or up to a further question after an answer; no special tokens."""
    if "<" in text or "[INST]" in text:
        for turn in _TURN.finditer(text):
            if _SPECIAL.sub("", text[: turn.start()]).strip():
                text = text[: turn.start()]
                break
        text = _SPECIAL.sub("", text)
    answered_at: int | None = None
    for further in _FURTHER.finditer(text):
        start = further.start()
        if answered_at is None:
            answered_at = _first_answer(text)
        before = text[max(0, start - 200) : start].strip()
        bare = start <= 4 * _BARE and len(text[:start].strip()) <= _BARE
        if before and not _HEADING.search(before) and (bare or text[answered_at:start].strip()):
            return text[:start]
    return text


def _first_answer(text: str) -> int:
    """Where the first mark of an answer ends; the end of a text without one."""
    marks = [at + len(mark) for mark in ("\\boxed{", "####") if (at := text.find(mark)) >= 0]
    return min([*marks, *(end for _, end in phrases(text)[:1])], default=len(text))
