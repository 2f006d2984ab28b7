"""What the clients of chat providers share: the body that goes over the wire, texts of messages, waiting times."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gradus.teachers.clients.capabilities import Interface


def wire_body(
    interface: Interface, model: str, system: str, prompt: str, parameters: Mapping[str, int | float]
) -> dict[str, Any]:
    """One question as it goes over the wire; with the sample index it is the request's identity. Needs no key.

    ``parameters`` are those that are really sent.
    """
    user = {"role": "user", "content": prompt}
    if interface == "anthropic":
        return {"model": model, "system": system, "messages": [user], **parameters}
    return {"model": model, "messages": [{"role": "system", "content": system}, user], **parameters}


def fold(text: Any) -> str:
    """A text of a message; None and other absences are the empty text."""
    return text if isinstance(text, str) else ""


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
