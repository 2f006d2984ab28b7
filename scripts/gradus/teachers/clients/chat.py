"""What the clients of chat providers share: the request on the wire, the key, messages, waiting times."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gradus.runtime.errors import UserError


@dataclass(frozen=True)
class Request:
    """One question to a chat model. ``parameters`` are those that are really sent."""

    model: str
    system: str
    prompt: str
    parameters: dict[str, Any]


def provider_key(settings: dict[str, Any]) -> str:
    """The key of a teacher entry, from the environment variable that it names; a served teacher needs none.

    Raises UserError where it is not set; only called when a request must really be sent.
    """
    name = settings["key_variable"] or {"anthropic": "ANTHROPIC_API_KEY"}.get(settings["provider"], "OPENAI_API_KEY")
    key = os.environ.get(name, "")
    if not key and settings["provider"] != "vllm":
        raise UserError(
            f"the key of teacher model {settings['model']} is not set",
            where=f"environment variable {name}",
            hint="export it, or set offline: true to work from the journal alone",
        )
    return key or "none"


def wire_body(settings: dict[str, Any], request: Request) -> dict[str, Any]:
    """The request as it goes over the wire; with the sample index it is the request's identity. Needs no key."""
    system = {"role": "system", "content": request.system}
    user = {"role": "user", "content": request.prompt}
    if settings["provider"] == "anthropic":
        return {"model": request.model, "system": request.system, "messages": [user], **request.parameters}
    return {"model": request.model, "messages": [system, user], **request.parameters}


def fold(text: Any) -> str:
    """A text of a message; None and other absences are the empty text."""
    return text if isinstance(text, str) else ""


def own_message(error: Exception) -> str:
    """The provider's message, with anything that looks like a key taken out."""
    shown = re.sub(r"\b(sk|key|Bearer)[-_ ][\w*.-]{6,}", "[key]", str(error))
    return f"{type(error).__name__}: {shown}"[:600]


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by the header ``retry-after-ms`` or ``retry-after`` (seconds or a date), or None."""
    try:
        if "retry-after-ms" in headers:
            return max(0.0, float(headers["retry-after-ms"]) / 1000)
        if "retry-after" not in headers:
            return None
        value = headers["retry-after"]
        if re.fullmatch(r"[0-9.]+", value.strip()):
            return float(value)
        from datetime import UTC, datetime
        from email.utils import parsedate_to_datetime

        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
