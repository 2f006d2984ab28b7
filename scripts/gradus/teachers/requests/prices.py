"""Prices: what a request costs, from a dated table with a source, or from the teacher's own entry; never guessed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import yaml
from pydantic import ValidationError

from gradus.runtime.errors import UserError
from gradus.study.config.teachers import ChatTeacher, PriceEntry


def cost(price: PriceEntry, usage: Mapping[str, int], is_batch: bool = False) -> float | None:
    """US dollars for counted tokens; None where the provider counted none, or none that a price can be told of.

    It never fails: answers are kept with their price, and no odd count may keep them from that.
    """
    if "input_tokens" not in usage and "output_tokens" not in usage:
        return None
    try:
        usd = _cost(price, usage, is_batch)
    except (ArithmeticError, TypeError, ValueError):
        return None
    return usd if math.isfinite(usd) else None


def _cost(price: PriceEntry, usage: Mapping[str, int], is_batch: bool) -> float:
    read, cached = usage.get("input_tokens", 0), usage.get("cached_tokens", 0)
    cached_price = price.cached_input_usd_per_million
    if cached_price is None:
        cached_price = price.input_usd_per_million
    online = (
        max(0, read - cached) * price.input_usd_per_million
        + min(read, cached) * cached_price
        + usage.get("output_tokens", 0) * price.output_usd_per_million
    ) / 1e6
    return round(online * (price.batch_factor if is_batch else 1.0), 12)


def find_price(teacher: ChatTeacher, table: str | Path) -> PriceEntry | None:
    """The price of a teacher: its entry's own, else that of its model's row in the table, else None.

    Raises UserError for a row that is no price (which needs the page and the day where it was seen).
    """
    if teacher.price is not None:
        return teacher.price
    path = Path(table)
    rows = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}) if path.exists() else {}
    row = (rows.get("models") or {}).get(teacher.model)
    if row is None:
        return None
    try:
        # YAML reads a bare day as a date.
        return PriceEntry.model_validate({**row, "seen": str(row["seen"])})
    except (ValidationError, TypeError, KeyError):
        fields = ", ".join(name for name, field in PriceEntry.model_fields.items() if field.is_required())
        message = f"a price has exactly the fields {fields} (and may have cached_input_usd_per_million)"
        raise UserError(message, where=f"{path}: {teacher.model}") from None
