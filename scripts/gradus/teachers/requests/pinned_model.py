"""The pinned model: an answer by another one is not what the study asks for."""

from __future__ import annotations

import re

from gradus.study.config.teachers import ChatTeacher

HINT = "pin the model that answers, or name it in also_accept"


def is_pinned(teacher: ChatTeacher, model: str) -> bool:
    """Whether ``model``, as an answer names it, is the pinned model: its name, a dated form of it, or one listed."""
    return (
        model == teacher.model
        or model in teacher.also_accept
        or re.fullmatch(re.escape(teacher.model) + r"[-@:]\d[\d-]*", model) is not None
        or model.rpartition("/")[2] == teacher.model.rpartition("/")[2]
    )
