"""Commands in a study file: words that a shell passes on as they are, never text that it interprets."""

from __future__ import annotations

import os
import shlex

_INTERPRETED = ";|&$`<>\n\r"


def command_words(command: str) -> list[str]:
    """The words of a command, `apptainer exec IMAGE python` say; quotes hold words with spaces together.

    A leading `~` is the home folder. ValueError where the command is empty, a quote is not closed, or a shell would do more
    than run it.
    """
    found = sorted({letter for letter in command if letter in _INTERPRETED})
    if found:
        raise ValueError(
            f"{command!r} is not a single command: it contains {', '.join(map(repr, found))}, which a shell interprets"
        )
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ValueError(f"{command!r} is not a command: {error}") from None
    if not words or not words[0]:
        raise ValueError(f"{command!r} is not a command: it is empty")
    return [os.path.expanduser(word) for word in words]
