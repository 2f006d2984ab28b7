"""From a validation error to one message that names the key of the study file and what is accepted there."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from gradus.runtime.errors import UserError


def explain(error: ValidationError, raw: Any, root: Any, prefix: str = "") -> UserError:
    """One message for the first problem: the key, what is wrong, what is accepted. ``root``: a section, or a union of them."""
    detail = error.errors()[0]
    keys = _key_path(raw, [str(part) for part in detail["loc"]])
    where = "configuration key " + ".".join(filter(None, [prefix, *keys]))
    if detail["type"] == "extra_forbidden":
        model = _model_at(root, raw, keys[:-1])
        return UserError("unknown key", where=where, hint=f"accepted here: {', '.join(model.model_fields)}")
    if detail["type"] == "missing":
        return UserError("required key is missing", where=where)
    if detail["type"] in ("union_tag_invalid", "union_tag_not_found"):
        name, context = str(detail["ctx"]["discriminator"]).strip("'"), detail["ctx"]
        where = f"{where}{'' if where.endswith(' ') else '.'}{name}"
        if detail["type"] == "union_tag_not_found":
            return UserError("required key is missing", where=where)
        return UserError(
            f"unknown {name} {context['tag']!r}", where=where, hint=f"accepted: {context['expected_tags']}"
        )
    message = detail["msg"].removeprefix("Value error, ")
    found = detail.get("input")
    shown = f", found {found!r}" if isinstance(found, str | int | float | bool) and repr(found) not in message else ""
    return UserError(f"{message[:1].lower()}{message[1:]}{shown}", where=where)


def _key_path(raw: Any, location: list[str]) -> list[str]:
    """The keys of an error as the study file has them (pydantic also names the union member)."""
    keys = []
    for position, part in enumerate(location):
        if isinstance(raw, dict) and part in raw:
            raw = raw[part]
        elif isinstance(raw, list) and part.isdigit():
            raw = raw[int(part)]
        elif position + 1 < len(location) or not isinstance(raw, dict | list):
            continue
        keys.append(part)
    return keys


def _model_at(root: Any, raw: Any, keys: list[str]) -> type[BaseModel]:
    """The section that describes a key; of a union the member that the file's own entry chooses."""
    candidates = _models_in(root)
    for part in keys:
        raw = raw[int(part)] if isinstance(raw, list) else raw[part]
        inside = [
            found for model in candidates if part in model.model_fields for found in _models(model.model_fields[part])
        ]
        candidates = inside or candidates
    chosen = [model for model in candidates if isinstance(raw, dict) and _chooses(raw, model)]
    return (chosen or candidates)[0]


def _chooses(raw: dict[str, Any], model: type[BaseModel]) -> bool:
    """Whether an entry's discriminating key names this union member."""
    for name in ("source", "provider", "kind"):
        if name in model.model_fields:
            return raw.get(name) in get_args(model.model_fields[name].annotation)
    return False


def _models(field: FieldInfo) -> list[type[BaseModel]]:
    """All section models inside a field's annotation."""
    return _models_in(field.annotation)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    found = [annotation] if isinstance(annotation, type) and issubclass(annotation, BaseModel) else []
    return found + [model for argument in get_args(annotation) for model in _models_in(argument)]
