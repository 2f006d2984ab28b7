"""Estimates: the tokens that a request is expected to take, before its answer tells them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradus.study.config.teachers import ChatTeacher
from gradus.study.config.thinking import THOUGHT_TOKENS

# Output tokens of an answer, thoughts apart; more than the plan expects, for a limit or a budget is to be kept.
_USUAL_OUTPUT = 400


def expected_output(teacher: ChatTeacher) -> int:
    """Output tokens of one answer: what is read, and what a model that thinks writes before it."""
    return min(teacher.max_output_tokens, _USUAL_OUTPUT + THOUGHT_TOKENS * teacher.thinks)


def input_tokens(body: Mapping[str, Any]) -> int:
    """A rough count of a body's input tokens: four characters each."""
    written = sum(len(message["content"]) for message in body["messages"]) + len(body.get("system", ""))
    return written // 4 + 8
