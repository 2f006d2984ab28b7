"""The base of all records: one JSON object per line, read strictly.

``to_json`` and ``from_json`` are exact inverses. ``from_json`` raises ``UserError`` on a missing, unknown or badly typed
field; the reader of the file adds file and line.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

from gradus.runtime.errors import UserError


@dataclass(frozen=True)
class Record:
    """Base of all records: strict reading and writing of its own fields.

    Fields named in ``MAY_BE_ABSENT`` are written only where they are not None, and read as None where they are absent.
    """

    MAY_BE_ABSENT: ClassVar[frozenset[str]] = frozenset()

    @property
    def key(self) -> str:
        """What must be unique within a file."""
        raise NotImplementedError

    def check(self) -> None:
        """Raise ``UserError`` if the values do not make sense together."""

    def to_json(self) -> dict[str, object]:
        """The record as plain JSON values."""
        fields = dataclasses.asdict(self)
        return {name: value for name, value in fields.items() if value is not None or name not in self.MAY_BE_ABSENT}

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read a record; every field must be there, no other may be, and the types must match."""
        if not isinstance(value, dict):
            raise UserError(f"expected a JSON object, found {type(value).__name__}")
        hints = _hints(cls)  # type: ignore[arg-type]  # mypy: a class of dataclasses is hashable
        names = list(hints)
        value = {**dict.fromkeys(cls.MAY_BE_ABSENT), **value}
        missing = [name for name in names if name not in value]
        if missing:
            raise UserError(f"missing field {missing[0]!r}")
        unknown = sorted(set(value) - set(names))
        if unknown:
            raise UserError(f"unknown field {unknown[0]!r}", hint=f"known fields: {', '.join(names)}")
        converted = {}
        for name in names:
            hint, allowed = hints[name]
            if allowed and not any(value[name] == choice and type(value[name]) is type(choice) for choice in allowed):
                raise UserError(f"unknown {name} {value[name]!r}", hint=f"one of {', '.join(map(str, allowed))}")
            if not _fits(value[name], hint):
                raise UserError(f"field {name!r} has the wrong type: {type(value[name]).__name__}")
            converted[name] = tuple(value[name]) if isinstance(value[name], list) else value[name]
        record = cls(**converted)
        record.check()
        return record


@functools.cache
def _hints(cls: type[Record]) -> dict[str, tuple[Any, tuple[Any, ...]]]:
    """Type and allowed values of every field, resolved once per class: files have millions of records."""
    hints = typing.get_type_hints(cls)
    return {field.name: (hints[field.name], _allowed(hints[field.name])) for field in dataclasses.fields(cls)}


def _allowed(hint: Any) -> tuple[Any, ...]:
    """The values of a closed set (``None`` among them where the field may be absent); nothing for other types."""
    options = typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)
    if not any(typing.get_origin(option) is Literal for option in options):
        return ()
    return tuple(value for option in options for value in (typing.get_args(option) or (None,)))


def _fits(value: Any, hint: Any) -> bool:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, option) for option in typing.get_args(hint))
    if hint is type(None):
        return value is None
    if hint is Any or origin is Literal:
        return True
    if hint is bool:
        return isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if origin is tuple:
        return isinstance(value, list | tuple) and all(_fits(item, typing.get_args(hint)[0]) for item in value)
    if origin is dict:
        keys, values = typing.get_args(hint)
        return isinstance(value, dict) and all(_fits(key, keys) and _fits(item, values) for key, item in value.items())
    return isinstance(value, hint)
