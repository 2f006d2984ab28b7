"""Prices: what a request costs, from a dated table with a source, or from the teacher's own entry; never guessed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gradus.runtime.errors import UserError

_FIELDS = ("input_usd_per_million", "output_usd_per_million", "batch_factor", "seen", "source")


@dataclass(frozen=True)
class Price:
    """US dollars per million tokens; ``batch_factor`` is what a batch costs of that; where and when it was seen."""

    input_usd_per_million: float
    output_usd_per_million: float
    batch_factor: float
    seen: str
    source: str

    def cost(self, usage: dict[str, int], is_batch: bool = False) -> float:
        """US dollars for counted tokens."""
        online = (
            usage.get("input_tokens", 0) * self.input_usd_per_million
            + usage.get("output_tokens", 0) * self.output_usd_per_million
        ) / 1e6
        return round(online * (self.batch_factor if is_batch else 1.0), 12)


def find_price(settings: dict[str, Any], table: str | Path) -> Price | None:
    """The price of a teacher entry: its own ``price``, else the table's row of its model, else None.

    Raises UserError for a row without its fields (a price needs the page and the day where it was seen).
    """
    row = settings.get("price")
    where = f"price of model {settings['model']}"
    if row is None:
        path = Path(table)
        rows = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}) if path.exists() else {}
        row = (rows.get("models") or {}).get(settings["model"])
        where = f"{path}: {settings['model']}"
    if row is None:
        return None
    if sorted(row) != sorted(_FIELDS):
        raise UserError(f"a price has exactly the fields {', '.join(_FIELDS)}", where=where)
    return Price(
        float(row["input_usd_per_million"]),
        float(row["output_usd_per_million"]),
        float(row["batch_factor"]),
        str(row["seen"]),
        str(row["source"]),
    )
