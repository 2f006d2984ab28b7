"""From a validation error to one message that names the key of the study file and what is accepted there."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from gradus.runtime.errors import UserError, UserErrors
from gradus.study.config.advice import advice
from gradus.study.config.pasted_keys import NEVER_SHOWN, WHAT_TO_DO, asks_for_a_key
from gradus.study.config.sections import did_you_mean, nearest

_SHOULD_BE = "Input should be "
_A_SECTION = re.compile(r"a valid dictionary(?: or (?:instance of \w+|object to extract fields from))?")
_LENGTH = re.compile(r"\w+ should have (at (?:least|most)) (\d+) (item|character)s?(?: after validation, not (\d+))?")


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
        name = str(detail["loc"][-1])
        if "key_variable" in accepted and asks_for_a_key(name):
            return UserError(f"unknown key, and {NEVER_SHOWN}", where=where, hint=WHAT_TO_DO)
        hint = f"{did_you_mean(name, accepted)}accepted here: {', '.join(accepted)}"
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
    message, instead = _message(detail, raw, root, keys)
    return UserError(message, where=where, hint=instead)


def _message(detail: ErrorDetails, raw: Any, root: Any, keys: list[str]) -> tuple[str, str | None]:
    """What a value should be and what was found, and what to write instead where that is known."""
    message, found = detail["msg"].removeprefix("Value error, "), detail.get("input")
    message = _LENGTH.sub(_length, message)
    hint: str = advice(found, detail["type"], of_a_list=_stands_for_a_list(detail, keys))
    if detail["type"] == "string_pattern_mismatch":
        fields = [model.model_fields.get(keys[-1]) for model in _models_in(root)] if len(keys) == 1 else []
        fields = fields or [_model_at(root, raw, keys[:-1]).model_fields.get(keys[-1])]
        hint = next((str(field.description or "") for field in fields if field is not None), "")
        message = "is not written as asked for"
    return f"{message[:1].lower()}{message[1:]}{_shown(found, message)}", hint.rstrip(".") or None


def _length(match: re.Match[str]) -> str:
    """Lists and texts that are too short or too long, without the words of the library."""
    many = "" if match[2] == "1" else "s"
    what = {"item": "entr" + ("ies" if many else "y"), "character": f"character{many}"}[match[3]]
    return f"should have {match[1]} {match[2]} {what}" + (f", and has {match[4]}" if match[4] else "")


def _shown(found: object, message: str) -> str:
    """The value, where the message does not name it, and no key is in it."""
    if NEVER_SHOWN in message:
        return ""
    if found is None:
        return ", found nothing"
    if not isinstance(found, str | int | float | date):
        return ""
    text = str(found) if isinstance(found, date) else repr(found)
    return "" if re.search(rf"(?<![\w.]){re.escape(text)}(?![\w.])", message) else f", found {text}"


def _stands_for_a_list(detail: ErrorDetails, keys: list[str]) -> bool:
    """Whether one value stands where a list is asked for: its number is no key of the file."""
    last = detail["loc"][-1] if detail["loc"] else None
    return isinstance(last, int) and keys[-1:] != [str(last)]


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
