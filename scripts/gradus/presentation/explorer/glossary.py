"""The glossary's words with their meanings, as far as the explorer has them as heads, labels or marks."""

from __future__ import annotations

import re
from pathlib import Path

# Beside the library in every copy of the project. A copy without documents has no glossary, and its page explains no words.
GLOSSARY = Path(__file__).resolve().parents[4] / "docs" / "glossary.md"
_ROW = re.compile(r"^\| \*\*(.+?)\*\* \| (.+) \|$", re.MULTILINE)
_MARK = re.compile(r"`([^`]+)` ([^`]+?)\.(?= `|$)")
_MEANING = re.compile(r"`([\w-]+)` means that ([^.]+)")
_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")


def terms(text: str, path: Path = GLOSSARY) -> dict[str, str]:
    """What the glossary says of the words that stand in ``text``, in plain characters; nothing where there is no glossary."""
    if not path.exists():
        return {}
    return {word: meaning for word, meaning in _read(path).items() if _stands_in(word, text)}


def _read(path: Path) -> dict[str, str]:
    """Every word by itself: those that share a row, each mark, and words that are explained within a meaning."""
    found: dict[str, str] = {}
    for words, meaning in _ROW.findall(path.read_text(encoding="utf-8")):
        if words == "marks":
            found |= dict(_MARK.findall(meaning))
        found |= dict.fromkeys(words.split(", "), _plain(meaning))
        found |= dict(_MEANING.findall(meaning))
    return found


def _plain(meaning: str) -> str:
    return re.sub(r"`|\*(?=\w)|(?<=\w)\*", "", _LINK.sub(r"\1", meaning))


def _stands_in(word: str, text: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is not None
