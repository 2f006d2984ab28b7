"""What a model accepts: sampling parameters, the name of the length limit, batches. The record says what was really sent.

Current Claude models reject temperature, top_p and top_k (API version 2026-10-21, which the SDK sends); OpenAI's
reasoning models take no temperature and name the limit ``max_completion_tokens``. Unknown servers speak the older dialect.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Capabilities:
    """``sampling``: temperature, top_p and seed may be sent; ``length_field``: how the limit of the output is called."""

    sampling: bool
    length_field: str
    batch: bool


# (provider, pattern of the model's name, capabilities); the first match counts.
TABLE: tuple[tuple[str, str, Capabilities], ...] = (
    ("anthropic", r".*", Capabilities(sampling=False, length_field="max_tokens", batch=True)),
    ("openai", r"(o\d|gpt-5).*", Capabilities(sampling=False, length_field="max_completion_tokens", batch=True)),
    ("openai", r".*", Capabilities(sampling=True, length_field="max_completion_tokens", batch=True)),
    ("compatible", r".*", Capabilities(sampling=True, length_field="max_tokens", batch=False)),
)


def capabilities(provider: str, model: str, is_own_server: bool) -> Capabilities:
    """The capabilities of a model; ``is_own_server`` marks a compatible endpoint that is not OpenAI's own."""
    kind = "compatible" if provider == "vllm" or (provider == "openai" and is_own_server) else provider
    return next(found for name, pattern, found in TABLE if name == kind and re.fullmatch(pattern, model))


def sent_parameters(known: Capabilities, wanted: dict[str, Any], max_output_tokens: int) -> dict[str, Any]:
    """The parameters that go into a request: what is unset or not accepted is left out (the provider's default)."""
    sampling = {name: value for name, value in wanted.items() if value is not None} if known.sampling else {}
    return {known.length_field: max_output_tokens, **sampling}
