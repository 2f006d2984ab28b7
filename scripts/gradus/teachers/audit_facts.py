"""Audit facts: what the audit of a supervision's texts found, as its file holds it."""

# No `from __future__ import annotations`: with it Python 3.11 takes the fields that are NotRequired for required ones.
from typing import NotRequired, TypedDict


class FindingFacts(TypedDict):
    """How many rows have a defect, and the ids of the first few."""

    count: int
    examples: tuple[str, ...]


class SupervisionAudit(TypedDict):
    """The texts of one supervision: their number, lengths in words, tokens, traits, price (None where it is unknown), defects.

    ``longer_than_level_below`` is a share of rows; the counts of a released file are there for such a file alone.
    """

    supervision: str
    rows: int
    words: dict[str, float]
    output_tokens: int
    price_usd: float | None
    traits: dict[str, float]
    problems_without_annotation: NotRequired[int]
    input_tokens: NotRequired[int]
    verdicts: NotRequired[dict[str, int]]
    excerpt: NotRequired[bool]
    released_rows: NotRequired[int]
    unmatched_rows: NotRequired[int]
    rows_without_text: NotRequired[int]
    longer_than_level_below: NotRequired[float | None]
    findings: NotRequired[dict[str, FindingFacts]]
