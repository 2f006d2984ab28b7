"""Markdown tables: heads, alignment and rows, every cell on one line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def markdown_table(heads: Sequence[str], rows: Iterable[Sequence[str]], align: str = "") -> str:
    """Heads and rows, ending in a line feed. ``align`` has a letter (``l`` or ``r``) per column; without it all are left."""
    rule = "|" + "".join("---:|" if letter == "r" else "---|" for letter in align or "l" * len(heads))
    head, *body = ["| " + " | ".join(map(escape_markdown, row)) + " |" for row in [heads, *rows]]
    return "\n".join([head, rule, *body]) + "\n"


def escape_markdown(text: str) -> str:
    """Plain text as one line of a table's cell."""
    return one_line(text).replace("|", r"\|")


def one_line(text: str) -> str:
    """A text of the user's own without line breaks, which would end a heading, a table's row or a caption."""
    return " ".join(text.split())
