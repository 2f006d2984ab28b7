"""The pinned model: an answer by another one is not what the study asks for, nor is one by two models under one alias."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gradus.study.config.teachers import ChatTeacher

HINT = "pin the model that answers, or name it in also_accept"


def is_pinned(teacher: ChatTeacher, model: str) -> bool:
    """Whether ``model``, as an answer names it, is the pinned model: its name, a dated form of it, or one listed."""
    return (
        model == teacher.model
        or model in teacher.also_accept
        or re.fullmatch(re.escape(teacher.model) + r"[-@:]\d[\d-]*", model) is not None
        or _name(model) == _name(teacher.model)
    )


def objection(teacher: ChatTeacher, answered: Iterable[str]) -> str | None:
    """What is wrong with the models that answered, as answers name them; None where all is one model, or was accepted.

    The first dated form that an alias returns pins the rest: another one later is another model.
    """
    models = set(answered)
    for model in sorted(models):
        if not is_pinned(teacher, model):
            return f"an answer comes from model {model!r}, which is not the pinned one ({teacher.model!r})"
    dated = {model for model in models if _name(model) != _name(teacher.model) and model not in teacher.also_accept}
    if len(dated) > 1:
        return f"{teacher.model!r} was answered by different models: {', '.join(sorted(dated))}"
    return None


def _name(model: str) -> str:
    return model.rpartition("/")[2]
