"""File descriptors: a connection takes one, and many systems allow 1,024 or fewer unless they are asked for more."""

from __future__ import annotations

import resource

from gradus.runtime.program import log

# What a job holds besides: shards, logs, libraries, descriptors of name look-ups.
_OTHERS = 128


def most_connections(wanted: int) -> int:
    """How many of ``wanted`` connections this process may open; the soft limit is raised where the hard one allows it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + _OTHERS
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return wanted
    goal = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (goal, hard))
    except (ValueError, OSError):
        goal = soft
    allowed = max(1, min(wanted, goal - _OTHERS))
    if allowed < wanted:
        log.info(
            "%d requests at once instead of %d: the system allows %d open files (ulimit -n)", allowed, wanted, goal
        )
    return allowed
