"""Names in a study file: every one becomes part of paths, where no two may be one file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePath

from gradus.study import paths

LONGEST = 100  # characters; file systems take 255 bytes, which must hold the longest suffix too
_PLAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
_POINT = re.compile(rf"{_PLAIN.pattern}(@{_PLAIN.pattern})*")  # what an axis makes of an entry
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])([.].*)?", re.IGNORECASE)
# After a dot in a file's name these say what the file is: `greedy.rows.jsonl`, `mini.manifest.json`, `telemetry.run.jsonl`.
_MARKS = ("run", "manifest", "rows", "json", "jsonl")


def problem_of_name(name: str) -> str | None:
    """Why a name cannot be part of file names; None where it can. Names of points on an axis have an `@`."""
    if not _POINT.fullmatch(name):
        return f"{name!r} cannot be a folder name: use letters, digits, '.' and '-', a letter or digit first and last"
    if len(name) > LONGEST:
        return f"{name!r} cannot be a folder name: use {LONGEST} characters at most"
    if _DEVICE.fullmatch(name):
        return f"{name!r} cannot be a folder name: Windows keeps it for a device"
    for part in re.split("[.@]", name)[1:]:
        if part.lower() in _MARKS:
            return f"{name!r} cannot be a folder name: '.{part}' marks files that the workflow writes itself"
    return None


def problem_of_names(names: Iterable[str]) -> str | None:
    """Why some names cannot stand beside each other in one folder; None where they can."""
    known: dict[str, str] = {}
    for name in names:
        problem = problem_of_name(name)
        if problem is None and name.lower() in known:
            problem = f"{known[name.lower()]!r} and {name!r} differ by their case alone: some disks take them for one"
        if problem is not None:
            return problem
        known[name.lower()] = name
    return None


def names_file_of_every_study(experiment: str) -> bool:
    """Whether an experiment's table or figure would be a file that every study has, the tested claims for example."""
    folders = {PurePath(pattern).parent for pattern in (paths.TABLE, paths.FIGURE)}
    fixed = [
        value for value in vars(paths).values() if isinstance(value, paths.Artifact) and "{experiment}" not in value
    ]
    taken = {PurePath(path).stem.lower() for path in fixed if PurePath(path).parent in folders}
    return experiment.lower() in taken
