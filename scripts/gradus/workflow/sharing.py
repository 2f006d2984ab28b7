"""Sharing: several jobs of one rule go to the scheduler as one, in which they run one after another.

A score or a training set works for two seconds; schedulers and queues are not made for thousands of such jobs. A rule says with
its resource ``together`` how many may share one, and with ``together_minutes`` how long the first may wait for others.
Only jobs that are ready share, so that none waits for another one's failed input; each keeps its own result and failure.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

GATHERING_SECONDS = 5.0  # jobs that become ready in the same moment arrive one by one


@dataclass(frozen=True)
class Share:
    """How many jobs of a kind go together, and how many seconds the first waits for others."""

    size: int
    patience: float


def share_of(resources: Mapping[str, Any], slots: int) -> Share | None:
    """How a job with these resources shares; None where it goes alone.

    ``slots``: jobs that may be submitted at a time. Waiting jobs hold theirs, so no kind may hold more than a quarter.
    """
    size = min(_number(resources.get("together")), max(1, slots // 4))
    if size < 2 or resources.get("mpi"):
        return None
    return Share(size, max(GATHERING_SECONDS, 60.0 * _number(resources.get("together_minutes"))))


def kind_of(rule: str, attempt: int, threads: int, resources: Mapping[str, Any]) -> Hashable:
    """What jobs must have in common to share: the rule, and every request but memory and time, of which the largest counts."""
    ignored = ("mem", "disk", "runtime", "together", "tmpdir")
    asked = {name: value for name, value in resources.items() if not name.startswith(ignored)}
    return (rule, attempt, threads, tuple(sorted((name, str(value)) for name, value in asked.items())))


def is_due(share: Share, count: int, waited: float, alone: bool) -> bool:
    """Whether gathered jobs go now: enough of them, long enough, or nothing else runs that could bring another."""
    return count >= share.size or waited >= share.patience or (alone and waited >= GATHERING_SECONDS)


def portions(jobs: Sequence[Any], size: int) -> list[list[Any]]:
    """The jobs in groups of at most ``size``, as even as can be, in their order."""
    count = -(-len(jobs) // size)
    rest = iter(jobs)
    return [list(islice(rest, len(jobs) // count + (index < len(jobs) % count))) for index in range(count)]


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0
