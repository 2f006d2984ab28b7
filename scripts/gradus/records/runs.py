"""Runs of anybody's: what one model scored on the items of one task, as some harness or program wrote it down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ItemScore:
    """The score of one item, 0 to 1 (a share where several samples were drawn).

    ``cluster`` names the group of items that it varies with. ``gold`` and ``question`` tell what was asked, so that two files
    can be seen to mean the same item. Each is None where the file does not tell.
    """

    score: float
    cluster: str | None = None
    gold: str | None = None
    question: str | None = None


@dataclass(frozen=True)
class ScoredRun:
    """One run of one task: ``source`` is where it was read, ``metric`` the score that was taken, ``notes`` what a reader of the
    result should know of the file."""

    source: str
    task: str
    metric: str
    items: Mapping[str, ItemScore]
    notes: tuple[str, ...] = ()
