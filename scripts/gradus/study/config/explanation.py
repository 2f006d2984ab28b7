"""From a validation error to one message that names the key of the study file and what is accepted there."""

from __future__ import annotations

import re
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from gradus.runtime.errors import UserError, UserErrors
from gradus.study.config.sections import did_you_mean, nearest

_SHOULD_BE = "Input should be "
_A_SECTION = re.compile(r"a valid dictionary or (?:instance of \w+|object to extract fields from)")


def explain(error: ValidationError, raw: Any, root: Any, prefix: str = "") -> UserError:
    """What is wrong, a line each: the key, the problem, what is accepted. ``root``: a section, or a union of them."""
    details = _merged(error.errors(), raw)
    unknown = {tuple(one["loc"][:-1]): str(one["loc"][-1]) for one in details if one["type"] == "extra_forbidden"}
    found = [
        _explained(detail, raw, root, prefix)
        for detail in details
        # A misspelled required key is one mistake: what is missing is what was meant.
        if not (
            detail["type"] == "missing"
            and nearest(unknown.get(tuple(detail["loc"][:-1]), ""), [str(detail["loc"][-1])]) is not None
        )
    ]
    return found[0] if len(found) == 1 else UserErrors(found)


def _merged(details: list[ErrorDetails], raw: Any) -> list[ErrorDetails]:
    """One error for each value: where several kinds are accepted (`epoch`, or a number), it names what each would be."""
    found: list[ErrorDetails] = []
    by_key: dict[tuple[str, ...], ErrorDetails] = {}
    for detail in details:
        detail["msg"] = _A_SECTION.sub("a section with keys of its own", detail["msg"])
        keys = tuple(_key_path(raw, [str(part) for part in detail["loc"]], detail["type"] == "missing"))
        first = by_key.setdefault(keys, detail) if detail["msg"].startswith(_SHOULD_BE) else detail
        if first is detail:
            found.append(detail)
        else:
            first["msg"] = f"{first['msg']} or {detail['msg'].removeprefix(_SHOULD_BE)}"
    return found


def _explained(detail: ErrorDetails, raw: Any, root: Any, prefix: str) -> UserError:
    keys = _key_path(raw, [str(part) for part in detail["loc"]], detail["type"] == "missing")
    where = "configuration key " + ".".join(filter(None, [prefix, *keys]))
    if detail["type"] == "extra_forbidden":
        model = _model_at(root, raw, keys[:-1])
        accepted = [field.alias or name for name, field in model.model_fields.items()]
        hint = f"{did_you_mean(str(detail['loc'][-1]), accepted)}accepted here: {', '.join(accepted)}"
        return UserError("unknown key", where=where, hint=hint)
    if detail["type"] == "missing":
        return UserError("required key is missing", where=where)
    if detail["type"] in ("union_tag_invalid", "union_tag_not_found"):
        name, context = str(detail["ctx"]["discriminator"]).strip("'"), detail["ctx"]
        where = f"{where}{'' if where.endswith(' ') else '.'}{name}"
        if detail["type"] == "union_tag_not_found":
            return UserError("required key is missing", where=where)
        accepted = [tag.strip().strip("'") for tag in str(context["expected_tags"]).split(",")]
        hint = f"{did_you_mean(str(context['tag']), accepted)}accepted: {context['expected_tags']}"
        return UserError(f"unknown {name} {context['tag']!r}", where=where, hint=hint)
    message = detail["msg"].removeprefix("Value error, ")
    found = detail.get("input")
    shown = f", found {found!r}" if isinstance(found, str | int | float | bool) and repr(found) not in message else ""
    return UserError(f"{message[:1].lower()}{message[1:]}{shown}", where=where)


def _key_path(raw: Any, location: list[str], missing: bool) -> list[str]:
    """The keys of an error as the study file has them (pydantic also names the union member); the last may be ``missing``."""
    keys = []
    for position, part in enumerate(location):
        if isinstance(raw, dict) and part in raw:
            raw = raw[part]
        elif isinstance(raw, list) and part.isdigit():
            raw = raw[int(part)]
        elif position + 1 < len(location) or not missing:
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
