"""Due jobs: what would run now, as Snakemake's graph of jobs says it, with all that is known of why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class DueJob:
    """A job that would run now.

    ``made_before``: it was finished once, or some of its files are there. ``after``: the due jobs that make its inputs, by their
    places in the list. ``before`` and ``now``: params that changed; those of the past have lost their names.
    ``inputs`` are files that changed without a due job, ``missing`` files that it would make and that are asked for.
    ``rule_changed``: its command or its set of inputs is another.
    """

    rule: str
    wildcards: Mapping[str, str]
    outputs: Sequence[str]
    made_before: bool
    after: Sequence[int] = ()
    before: Sequence[str] = ()
    now: Mapping[str, str] | None = None
    inputs: Sequence[str] = ()
    missing: Sequence[str] = ()
    rule_changed: bool = False


def to_json(jobs: Iterable[DueJob]) -> list[dict[str, object]]:
    """The jobs as plain JSON values."""
    return [asdict(job) for job in jobs]


def from_json(value: Iterable[Mapping[str, Any]]) -> list[DueJob]:
    """The jobs that ``to_json`` has written."""
    return [DueJob(**facts) for facts in value]
