"""Lines: where in a study file a key stands, so that a message names file and line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from gradus.runtime.errors import UserError, UserErrors

_KEY = "configuration key "
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same, faster, where PyYAML has it


def located(error: UserError, files: Sequence[str | Path]) -> UserError:
    """The same error with file and line of its key; as it was where no file has the key's section."""
    if isinstance(error, UserErrors):
        return UserErrors([located(one, files) for one in error.found])
    if not str(error.where).startswith(_KEY):
        return error
    keys = str(error.where).removeprefix(_KEY).split(".")
    for file in files:
        line = line_of(Path(file), keys)
        if line is not None:
            return UserError(f"{error.where}: {error.what}", where=file, line=line, hint=error.hint)
    return error


def refuse_repeated_keys(file: Path) -> None:
    """UserError where a section has a key twice, of which YAML silently takes the last; nothing for a file that is no YAML."""
    node = _composed(file)
    waiting: list[tuple[str, yaml.Node]] = [] if node is None else [("", node)]
    while waiting:
        prefix, section = waiting.pop()
        first: dict[str, int] = {}
        for name, line, value in _entries(section):
            if isinstance(section, yaml.MappingNode) and first.setdefault(name, line) != line:
                key = f"configuration key {prefix}{name}"
                raise UserError(f"{key}: stands twice, first on line {first[name]}", where=file, line=line)
            waiting.append((f"{prefix}{name}.", value))


def _composed(file: Path) -> yaml.Node | None:
    try:
        return yaml.compose(file.read_text(encoding="utf-8"), Loader=_LOADER)
    except (OSError, ValueError, yaml.YAMLError):
        return None


def line_of(file: Path, keys: Sequence[str]) -> int | None:
    """The line of a key, or of the deepest of its sections that is there; None where not even the first is, or no YAML."""
    node = _composed(file)
    return None if node is None else _line_below(node, keys)


def _line_below(node: yaml.Node, keys: Sequence[str]) -> int | None:
    for count in range(1, len(keys) + 1):
        wanted = ".".join(keys[:count])  # names may have dots themselves
        for name, line, value in _entries(node):
            if name == wanted:
                return _line_below(value, keys[count:]) or line
    return None


def _entries(node: yaml.Node) -> list[tuple[str, int, yaml.Node]]:
    """What a section or a list holds: name or number, line, value."""
    if isinstance(node, yaml.MappingNode):
        return [(str(key.value), key.start_mark.line + 1, value) for key, value in node.value]
    values = node.value if isinstance(node, yaml.SequenceNode) else []
    return [(str(number), value.start_mark.line + 1, value) for number, value in enumerate(values)]
