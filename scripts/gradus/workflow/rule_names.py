"""Rule names: those of the rules files, where a workflow that imports this one as a module has given them others."""

from __future__ import annotations

_around = ["", ""]  # what stands before and after every name


def remember(pattern: str) -> None:
    """Keep how rules are called, with a star for the name: ``gradus_*`` say."""
    before, _, after = pattern.partition("*")
    _around[:] = [before, after]


def plain(name: str) -> str:
    """The name of a rule as its file has it."""
    return name.removeprefix(_around[0]).removesuffix(_around[1]) if any(_around) else name
