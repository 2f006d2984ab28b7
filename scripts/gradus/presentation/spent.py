"""What a study took, as a table, and the lines that point to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple

from gradus.presentation.table import csv_text
from gradus.results.spent import HEADS, Spent

# The page itself tells no hours: it is the same bytes on every machine.
POINTER = (
    "\nWhat the study took (hours of processors and GPUs, kWh, dollars, tokens, by stage and experiment, failed tries included) "
    "is in `tables/spent.csv`.\n"
)


def to_csv(rows: Sequence[Spent]) -> str:
    """One line per stage and experiments, the whole study last."""
    return csv_text(HEADS, [[str(one) if isinstance(one, int) else one for one in astuple(row)] for row in rows])
