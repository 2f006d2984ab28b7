"""What a model accepts: sampling parameters, the name of the length limit, batches. The record says what was really sent.

Current Claude models reject temperature, top_p and top_k (API version 2026-10-21, which the SDK sends); OpenAI's
reasoning models take no temperature and name the limit ``max_completion_tokens``. Unknown servers speak the older dialect.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from gradus.study.config.teachers import ChatTeacher

Interface = Literal["openai", "anthropic", "compatible"]


@dataclass(frozen=True)
class Capabilities:
    """``sampling``: temperature and top_p may be sent; ``length_field``: the name of the limit of the output."""

    sampling: bool
    length_field: str
    batch: bool


# (interface, pattern of the model's name, capabilities); the first match counts.
TABLE: tuple[tuple[Interface, str, Capabilities], ...] = (
    ("anthropic", r".*", Capabilities(sampling=False, length_field="max_tokens", batch=True)),
    ("openai", r"(o\d|gpt-5).*", Capabilities(sampling=False, length_field="max_completion_tokens", batch=True)),
    ("openai", r".*", Capabilities(sampling=True, length_field="max_completion_tokens", batch=True)),
    ("compatible", r".*", Capabilities(sampling=True, length_field="max_tokens", batch=False)),
)


def capabilities(interface: Interface, model: str) -> Capabilities:
    """The capabilities of a model behind an interface."""
    return next(found for name, pattern, found in TABLE if name == interface and re.fullmatch(pattern, model))


def sent_parameters(known: Capabilities, teacher: ChatTeacher) -> dict[str, int | float]:
    """The parameters that go into a request: what is unset or not accepted is left out (the provider's default)."""
    sent: dict[str, int | float] = {teacher.length_field or known.length_field: teacher.max_output_tokens}
    if known.sampling:
        wanted = {"temperature": teacher.temperature, "top_p": teacher.top_p}
        sent |= {name: value for name, value in wanted.items() if value is not None}
    return sent
