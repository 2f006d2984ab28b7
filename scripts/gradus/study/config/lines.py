"""Lines: where in a study file a key stands, so that a message names file and line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from gradus.runtime.errors import UserError, UserErrors

_KEY = "configuration key "
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same, faster, where PyYAML has it


def located(error: UserError, files: Sequence[str | Path], said: Mapping[str, Any] | None = None) -> UserError:
    """The same error with file and line of its key; with the file alone where none has the key's section.

    Of several files, and of what the command line ``said``, the one that has most of the key; of equals the last, which counts.
    """
    if isinstance(error, UserErrors):
        return UserErrors([located(one, files, said) for one in error.found])
    if not str(error.where).startswith(_KEY):
        return error
    keys = str(error.where).removeprefix(_KEY).split(".")
    depth, place, line = 0, "", None
    for file in files:
        found = _found_below(_composed(Path(file)), keys)
        if found is not None and found[0] >= depth:
            (depth, line), place = found, str(file)
    if said and 0 < _reached(said, keys) >= depth:
        place, line = "--config", None
    place = place or ", ".join(map(str, files))
    return UserError(f"{error.where}: {error.what}", where=place, line=line, hint=error.hint) if place else error


def refuse_repeated_keys(file: Path) -> None:
    """UserError where a section has a key twice, of which YAML silently takes the last; nothing for a file that is no YAML."""
    node = _composed(file)
    waiting: list[tuple[str, yaml.Node]] = [] if node is None else [("", node)]
    while waiting:
        prefix, section = waiting.pop()
        first: dict[str, int] = {}
        for name, line, value in _entries(section):
            if isinstance(section, yaml.MappingNode) and name in first:
                key = f"configuration key {prefix}{name}"
                raise UserError(f"{key}: stands twice, first on line {first[name]}", where=file, line=line)
            first[name] = line
            waiting.append((f"{prefix}{name}.", value))


def _composed(file: Path) -> yaml.Node | None:
    try:
        return yaml.compose(file.read_text(encoding="utf-8"), Loader=_LOADER)
    except (OSError, ValueError, yaml.YAMLError):
        return None


def _found_below(node: yaml.Node | None, keys: Sequence[str]) -> tuple[int, int] | None:
    """How many of the keys are there one in the other, and the line of the last of them."""
    for count in range(1, len(keys) + 1):
        wanted = ".".join(keys[:count])  # names may have dots themselves
        for name, line, value in [] if node is None else _entries(node):
            if name == wanted:
                depth, deepest = _found_below(value, keys[count:]) or (0, line)
                return count + depth, deepest
    return None


def _reached(section: Any, keys: Sequence[str]) -> int:
    """How many of the keys are there one in the other."""
    for count in range(1, len(keys) + 1):
        name = ".".join(keys[:count])
        if isinstance(section, Mapping) and name in section:
            return count + _reached(section[name], keys[count:])
    return 0


def _entries(node: yaml.Node) -> list[tuple[str, int, yaml.Node]]:
    """What a section or a list holds: name or number, line, value."""
    if isinstance(node, yaml.MappingNode):
        return [(str(key.value), key.start_mark.line + 1, value) for key, value in node.value]
    values = node.value if isinstance(node, yaml.SequenceNode) else []
    return [(str(number), value.start_mark.line + 1, value) for number, value in enumerate(values)]
