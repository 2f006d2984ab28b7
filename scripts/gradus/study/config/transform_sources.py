"""What the transforms of a study name: teachers, students and formats that exist, and no circle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradus.records.vocabulary import UNTAUGHT
from gradus.runtime.errors import UserError
from gradus.study.config.experiments import NAMED_FORMATS
from gradus.study.config.sections import must_exist
from gradus.study.config.teachers import ChatTeacher
from gradus.study.config.transforms import RewrittenTransform, TransformSection


def check_sources(
    name: str, transforms: Mapping[str, TransformSection], teachers: Mapping[str, Any], students: Mapping[str, Any]
) -> None:
    """UserError where a transform names something that is not in the study, or is made from itself."""
    transform = transforms[name]
    taught = tuple(format_ for format_ in (*NAMED_FORMATS, *transforms) if format_ != UNTAUGHT)
    for named, accepted in (
        (transform.teachers(), teachers),
        (transform.students(), students),
        (transform.formats(), taught),
    ):
        for key, value in named.items():
            must_exist(value, accepted, f"transforms.{name}.{key}")
    if isinstance(transform, RewrittenTransform) and not isinstance(teachers[transform.by], ChatTeacher):
        raise UserError(
            f"teacher {transform.by!r} edits no texts",
            where=f"configuration key transforms.{name}.by",
            hint="name a teacher behind a chat interface (openai, anthropic, vllm)",
        )
    if name in _reached(name, transforms):
        raise UserError(
            f"{name!r} is made from itself", where=f"configuration key transforms.{name}", hint="name another format"
        )


def _reached(name: str, transforms: Mapping[str, TransformSection]) -> set[str]:
    """All formats that a transform is made from, directly or through others."""
    reached, waiting = set[str](), [name]
    while waiting:
        made = transforms.get(waiting.pop())
        read = set(() if made is None else made.formats().values()) - reached
        reached |= read
        waiting += read
    return reached
