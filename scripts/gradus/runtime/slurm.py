"""SLURM as a job sees it: what runs, when this job ends, where a node is, and back into the queue."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from datetime import datetime

RUNNING = ("RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT", "CONFIGURING", "RESIZING")


def is_running(job: str) -> bool | None:
    """Whether SLURM runs a job now; None where it does not answer."""
    command = ["squeue", "--noheader", "--jobs", job, "--states", "all", "--format", "%T"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode != 0:
        return False if "Invalid job id" in done.stderr else None
    return any(state in RUNNING for state in done.stdout.split())


def end_of_job(environment: Mapping[str, str]) -> float | None:
    """When SLURM will end this job (Unix time); None outside a job, and where it has no limit or nobody answers.

    Asked for inside the job, because the limit may have been changed since it was submitted.
    """
    job = environment.get("SLURM_JOB_ID")
    shown = _answer("squeue", "--noheader", "--jobs", job, "--format", "%e").split() if job else []
    try:
        return datetime.fromisoformat(shown[0]).timestamp()
    except (IndexError, ValueError):
        return None


def hosts(nodes: str) -> list[str]:
    """The names in a node list; empty where SLURM does not answer."""
    return _answer("scontrol", "show", "hostnames", nodes).split()


def address_of(node: str) -> str | None:
    """The address that SLURM has for a node; None where it knows none."""
    found = re.search(r"\bNodeAddr=(\S+)", _answer("scontrol", "show", "node", node))
    return found[1] if found else None


def is_preempted(job: str) -> bool:
    """Whether SLURM has begun to end a job in favour of another one."""
    found = re.search(r"\bPreemptTime=(\S+)", _answer("scontrol", "show", "job", job))
    return found is not None and found[1] != "None"


def requeue(job: str) -> bool:
    """Put a running job back into the queue under its number; False where the site or the job does not allow it.

    SLURM ends what is left of the job then.
    """
    try:
        return (
            subprocess.run(["scontrol", "requeue", job], capture_output=True, check=False, timeout=60).returncode == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


def _answer(*command: str) -> str:
    """What a client prints; nothing where it fails."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
