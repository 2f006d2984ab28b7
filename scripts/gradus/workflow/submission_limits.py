"""Submission limits: what a scheduler refuses for now, because too many jobs wait or run already."""

from __future__ import annotations

import re

# The limits that SLURM names: of a QOS or an association, per user, account and group.
_NAMED = re.compile(r"\b((?:QOS|Assoc)(?:Max|Grp)\w*Submit\w*)\b")
# A full controller, and one that is being restarted.
_FULL = re.compile(
    r"(Resource temporarily unavailable|unable to accept job|Unable to contact slurm controller|MaxJobCount)", re.I
)
# What older versions say of any limit, also of one that this job alone passes.
_ANY = "Job violates accounting/QOS policy"


def reason_to_wait(message: str | None, others_active: bool) -> str | None:
    """Why a refused job may be taken later; None where waiting would not help.

    ``others_active``: jobs of this workflow are in the queue, whose end may make room.
    """
    text = message or ""
    found = _NAMED.search(text) or _FULL.search(text)
    if found:
        return found[1]
    return "a limit of the account or QOS" if _ANY in text and others_active else None
