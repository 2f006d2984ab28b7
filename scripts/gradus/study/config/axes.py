"""Axes: one key of one kind of entry over several values, and the ordinary named entries that an experiment gets for them.

``gradeschool`` with ``dataset.train_size`` of 125 is the entry ``gradeschool@train-125``: its name says the value, and whatever
names it shares its cells. A value that the entry has anyway is the entry itself. Entries that are there already stay, so that
a study file that was expanded once is what it was.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from gradus.runtime.errors import UserError
from gradus.study.config.explanation import explain
from gradus.study.config.names import problem_of_names

MARK = "@"
Value = str | int | float | bool | None
# By the first word of an axis: the list of an experiment whose names it turns into points, and the section that has them.
LISTS: Mapping[str, tuple[str, str]] = {
    "dataset": ("datasets", "datasets"),
    "teacher": ("teachers", "teachers"),
    "recipe": ("students", "students"),
    "decoding": ("decodings", "decodings"),
    "transform": ("formats", "transforms"),
}
PATTERN = rf"^({'|'.join(LISTS)})([.][A-Za-z0-9_-]+)+$"
# How many samples of a problem are trained on is a key of the transform that draws them.
ALIASES: Mapping[str, str] = {"samples": "transform.per_problem"}
# Axes that are lists of names already, and the list that `values` may stand for.
NAMES: Mapping[str, str] = {
    "level": "levels",
    "format": "formats",
    "teacher": "teachers",
    "student": "students",
    "dataset": "datasets",
}


def base_of(name: str) -> str:
    """The entry that a point was made from; a name that is no point is its own."""
    return name.partition(MARK)[0]


def is_point(name: str) -> bool:
    """Whether an entry was made for a value on some axis."""
    return MARK in name


@dataclass(frozen=True)
class Axis:
    """One key of one kind of entry: ``dataset.train_size``, ``recipe.adapter.rank``."""

    kind: str
    keys: tuple[str, ...]

    @classmethod
    def read(cls, text: str) -> Axis | None:
        """None where an axis is a list of names (levels, formats, ...) and no key."""
        kind, *keys = ALIASES.get(text, text).split(".")
        return cls(kind, tuple(keys)) if keys and kind in LISTS else None

    @property
    def label(self) -> str:
        """How names of points call it: ``train`` of ``train_size``, ``learning-rate``."""
        return ".".join(self.keys).removesuffix("_size").replace("_", "-")

    def point(self, name: str, value: Value) -> str:
        """The name of the entry that has a value."""
        return f"{name}{MARK}{self.label}-{text_of(value)}"

    def without(self, name: str) -> str:
        """The name without its value on this axis."""
        base, *parts = name.split(MARK)
        return MARK.join([base, *(part for part in parts if not part.startswith(f"{self.label}-"))])

    def values_of(self, names: Sequence[str], values: Sequence[Value]) -> dict[str, Value]:
        """The value of each name among the points of an experiment: as its name says, or the one that its entry has anyway."""
        found: dict[str, Value] = {}
        for name in names:
            base = self.without(name)
            having = [value for value in values if _has_part(name, self.point("", value))]
            untold = [value for value in values if not any(_is_at(self, one, base, value) for one in names)]
            if having or untold:
                found[name] = (having or untold)[0]
        return found


def _has_part(name: str, part: str) -> bool:
    return part.removeprefix(MARK) in name.split(MARK)[1:]


def _is_at(axis: Axis, name: str, base: str, value: Value) -> bool:
    return axis.without(name) == base and _has_part(name, axis.point("", value))


def text_of(value: Value) -> str:
    """A value as a part of a name: ``0.0003``, ``1e-05``, ``true``."""
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    return repr(value).removesuffix(".0").replace("+", "") if isinstance(value, int | float) else value


def in_order(values: Sequence[Value]) -> list[Value]:
    """Numbers by their size, anything else as it was written."""
    if are_numbers(values):
        return sorted(values, key=lambda value: float(value))  # type: ignore[arg-type]
    return list(values)


def are_numbers(values: Sequence[Value]) -> bool:
    """Whether all are numbers, so that they have an order."""
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


@dataclass(frozen=True)
class Sections:
    """The types of the entries of each section, and of the recipe that students share."""

    entries: Mapping[str, Any]
    recipe: type[BaseModel]


def expanded(raw: Mapping[str, Any], sections: Sections) -> dict[str, Any]:
    """A study file with the entries that its axes and sweeps ask for, and their names in its experiments.

    What does not fit is left to the check of the whole file; a value that an entry does not accept is a UserError that names it.
    """
    found = copy.deepcopy(dict(raw))
    experiments = found.get("experiments")
    for label, experiment in experiments.items() if isinstance(experiments, dict) else ():
        if not isinstance(experiment, dict):
            continue
        section = f"experiments.{label}"
        values, text = experiment.get("values"), str(experiment.get("axis"))
        if isinstance(values, list) and values and text in NAMES:
            _named(experiment, NAMES[text], values, section)
        elif isinstance(values, list) and values:
            _along(found, experiment, text, values, sections, f"{section}.values")
        sweep = experiment.get("sweep")
        for key, swept in sweep.items() if isinstance(sweep, dict) else ():
            if isinstance(swept, list):
                _along(found, experiment, str(key), swept, sections, f"{section}.sweep.{key}")
    return found


def _named(experiment: dict[str, Any], key: str, values: list[Any], section: str) -> None:
    """``values`` of an axis that is a list of names are that list."""
    if experiment.get(key, values) != values:
        raise UserError(
            f"`values` and `{key}` name different ones",
            where=f"configuration key {section}.values",
            hint="leave one of both out",
        )
    experiment[key] = values


def _along(
    raw: dict[str, Any], experiment: dict[str, Any], text: str, values: list[Any], sections: Sections, where: str
) -> None:
    """Turn the names of one list of an experiment into their points, and make the entries of these."""
    axis = Axis.read(text)
    values = [
        value for value in values if isinstance(value, str | int | float | None)
    ]  # others are told by the whole check
    if axis is None or not values:
        return
    key, kind = LISTS[axis.kind]
    entries = raw.get(kind)
    if key == "decodings" and isinstance(entries, dict):
        experiment.setdefault(key, list(entries)[:1])
    names = experiment.get(key)
    if not isinstance(entries, dict) or not isinstance(names, list) or len(set(map(str, names))) < len(names):
        return
    points: list[str] = []
    for name in names:
        if axis.without(str(name)) != name or not isinstance(entries.get(name), dict):
            points.append(name)  # a point already, or something that is no entry: a built-in format, a wrong name
            continue
        own = _own_value(raw, kind, name, axis, sections)
        for position, value in sorted(enumerate(values), key=lambda item: _position(values, item[1])):
            if own == value and isinstance(own, bool) == isinstance(value, bool):
                points.append(name)
                continue
            point = axis.point(name, value)
            if problem_of_names([point]) is not None:
                raise UserError(
                    f"{text}: {value!r} cannot be part of a file name",
                    where=f"configuration key {where}.{position}",
                    hint=f"make {kind} with names of their own, and name them in the experiment's `{key}`",
                )
            points.append(point)
            entry = _with_value(raw, kind, name, axis, value, sections)
            _check(raw, kind, entry, sections, f"{where}.{position}", text)
            if entries.setdefault(point, entry) != entry:
                raise UserError(
                    f"{point!r} is another entry already",
                    where=f"configuration key {where}.{position}",
                    hint="two axes whose keys have one name in paths cannot be in one study",
                )
    experiment[key] = list(dict.fromkeys(points))


def _position(values: list[Any], value: Any) -> int:
    return in_order(values).index(value)


def _recipe(raw: Mapping[str, Any], own: Mapping[str, Any], sections: Sections) -> dict[str, Any]:
    """What a student's recipe becomes, as plain values (``Study.recipe_of``, before there is a study)."""
    shared = sections.recipe.model_validate(raw.get("recipe") or {}).model_dump()
    merged = own if "preset" in own else {**shared, **own}
    return sections.recipe.model_validate(merged).model_dump()


def _own_value(raw: Mapping[str, Any], kind: str, name: str, axis: Axis, sections: Sections) -> Any:
    """The value that an entry has anyway; something that equals no value where it cannot be known."""
    entry = raw[kind][name]
    try:
        if kind == "students":
            recipe = sections.recipe.model_validate(_recipe(raw, entry.get("recipe") or {}, sections))
            return _inside(recipe, axis.keys)
        section = TypeAdapter(sections.entries[kind]).validate_python(entry)
        own = _inside(section, axis.keys)
        # All of a generated training set are as many as are generated, unless some go to a development split.
        is_whole = axis.keys == ("train_size",) and own is None and getattr(section, "development", None) is None
        return getattr(section, "train", None) if is_whole else own
    except ValidationError:
        return _UNKNOWN


_UNKNOWN = object()


def _inside(section: Any, keys: Sequence[str]) -> Any:
    for key in keys:
        section = section.get(key, _UNKNOWN) if isinstance(section, dict) else getattr(section, key, _UNKNOWN)
    return section


def _with_value(
    raw: Mapping[str, Any], kind: str, name: str, axis: Axis, value: Any, sections: Sections
) -> dict[str, Any]:
    """A copy of an entry with one key changed; of a student it is a key of its recipe."""
    entry: dict[str, Any] = copy.deepcopy(raw[kind][name])
    first, *deeper = axis.keys
    holder: dict[str, Any] = entry.setdefault("recipe", {}) if kind == "students" else entry
    if kind == "students" and deeper:
        with contextlib.suppress(ValidationError):  # told by the check of the whole file
            holder[first] = _recipe(raw, holder, sections).get(first)
    for key in axis.keys[:-1]:
        inner = holder.get(key)
        holder[key] = dict(inner) if isinstance(inner, dict) else {}
        holder = holder[key]
    holder[axis.keys[-1]] = value
    return entry


def _check(
    raw: Mapping[str, Any], kind: str, entry: Mapping[str, Any], sections: Sections, where: str, text: str
) -> None:
    """UserError where an entry does not accept a value, named by the experiment's own key."""
    try:
        if kind == "students":
            _recipe(raw, entry.get("recipe") or {}, sections)
        else:
            TypeAdapter(sections.entries[kind]).validate_python(entry)
    except ValidationError as error:
        root = sections.recipe if kind == "students" else sections.entries[kind]
        explained = explain(error, entry.get("recipe") if kind == "students" else entry, root)
        raise UserError(f"{text}: {explained.what}", where=f"configuration key {where}", hint=explained.hint) from None
