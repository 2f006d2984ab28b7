"""What a profile counts on of its site, asked once when a run starts: submission limits, accounting, the memory of ended jobs.

Nothing here fails a run: what is missing is told, with what follows from it.
"""

from __future__ import annotations

import getpass
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass

LONGEST_LOOK = 180  # seconds between two looks at the queue, at most


@dataclass(frozen=True)
class Site:
    """What a site says of itself; None where it does not."""

    limit: int | None = None  # jobs of this user that may be submitted at a time
    limited_by: str = ""
    accounting: bool = True
    remembered: int | None = None  # seconds for which an ended job stays in the queue's memory (MinJobAge)


def ask(accounts: Iterable[str], qualities: Iterable[str]) -> Site:
    """Ask the site. ``accounts``, ``qualities``: those (QOS) that jobs name; without one the user's default counts."""
    configuration = _answer("scontrol", "show", "config")
    if configuration is None:
        return Site()
    enforced = _setting(configuration, "AccountingStorageEnforce")
    limit: tuple[int, str] | None = None
    if re.search(r"\b(limits|safe|qos)\b", enforced):
        fields = "Account,MaxSubmitJobs,GrpSubmitJobs,DefaultQOS,QOS"
        mine = _answer("sacctmgr", "-nP", "show", "assoc", f"user={getpass.getuser()}", f"format={fields}")
        names = "Name,MaxSubmitJobsPU,MaxSubmitJobsPA,GrpSubmitJobs"
        all_qualities = _answer("sacctmgr", "-nP", "show", "qos", f"format={names}")
        limit = lowest_limit(mine or "", all_qualities or "", set(accounts), set(qualities))
    stored = _setting(configuration, "AccountingStorageType")
    number = re.match(r"\d+", _setting(configuration, "MinJobAge"))
    most, whose = limit or (None, "")
    return Site(most, whose, "none" not in stored, int(number[0]) if number else None)


def lowest_limit(
    associations: str, all_qualities: str, accounts: set[str], qualities: set[str]
) -> tuple[int, str] | None:
    """The smallest limit on submitted jobs, and who sets it, from the tables that ``ask`` fetches."""
    found: list[tuple[int, str]] = []
    for account, most, most_of_all, default, allowed in _rows(associations, 5):
        if accounts and account not in accounts:
            continue
        found += [(int(value), f"account {account}") for value in (most, most_of_all) if value]
        # Without a default, and with one alone, it is that one.
        usual = default or (allowed if "," not in allowed else "normal")
        qualities = qualities or {usual}
    for name, *limits in _rows(all_qualities, 4):
        if name in qualities:
            found += [(int(value), f"QOS {name}") for value in limits if value]
    return min(found, default=None)


def remarks(site: Site, slots: int) -> list[str]:
    """What a user should know before the first job, in sentences. ``slots``: jobs that the run may submit at a time."""
    found = []
    if site.limit is not None and site.limit < slots:
        found.append(
            f"{site.limited_by} lets {site.limit} of your jobs be submitted at a time, and --jobs is {slots}: the rest waits "
            f"here until there is room (--jobs {site.limit} says so to Snakemake)."
        )
    forgets = site.remembered is not None and site.remembered < 2 * LONGEST_LOOK
    if not site.accounting:
        found.append(
            "This site keeps no accounting: a job that ends and is forgotten between two looks is judged by its files."
            if forgets
            else "This site keeps no accounting: a job that ends while this process sleeps is judged by its files."
        )
    return found


def _rows(text: str, width: int) -> list[list[str]]:
    rows = (line.split("|") for line in text.splitlines())
    return [row for row in rows if len(row) == width]


def _setting(configuration: str, name: str) -> str:
    found = re.search(rf"^{name}\s*=\s*(.*)$", configuration, re.M)
    return found[1].strip() if found else ""


def _answer(*command: str) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
