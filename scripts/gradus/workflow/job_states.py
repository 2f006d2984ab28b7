"""States of submitted jobs: what the queue and the accounting say, and what follows for each job."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

# Ended, and nothing brings them back. (https://slurm.schedmd.com/job_state_codes.html)
FAILED = frozenset(
    {
        "BOOT_FAIL",
        "CANCELLED",
        "DEADLINE",
        "FAILED",
        "LAUNCH_FAILED",
        "OUT_OF_MEMORY",
        "REVOKED",
        "TIMEOUT",
    }
)
# Ended, unless the scheduler puts the job back into the queue, which takes it a moment.
INTERRUPTED = frozenset({"NODE_FAIL", "PREEMPTED", "STOPPED", "SPECIAL_EXIT"})
# Waits or works.
AT_WORK = frozenset(
    {
        "COMPLETING",
        "CONFIGURING",
        "PENDING",
        "POWER_UP_NODE",
        "REQUEUED",
        "REQUEUE_FED",
        "REQUEUE_HOLD",
        "RESIZING",
        "RESV_DEL_HOLD",
        "RUNNING",
        "SIGNALING",
        "STAGE_OUT",
        "SUSPENDED",
        "UPDATE_DB",
    }
)
# Of these, what waits for its turn.
QUEUED = frozenset(
    {"CONFIGURING", "PENDING", "POWER_UP_NODE", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESV_DEL_HOLD"}
)
PATIENCE = 3  # looks, each some minutes apart, before an interrupted or unknown job is given up

Verdict = Literal["running", "done", "failed", "unknown"]


@dataclass(frozen=True)
class Answer:
    """What a client said: states by job number, or None and its message where it did not answer."""

    states: Mapping[str, str] | None
    message: str = ""


def queue(run: str) -> Answer:
    """States of the jobs that one workflow submitted, as the controller remembers them (for its MinJobAge after their end)."""
    return _ask(["squeue", "--noheader", "--states", "all", "--name", run, "--format", "%i|%T"])


def accounting(jobs: Iterable[str]) -> Answer:
    """States of some jobs in SLURM's accounting, where jobs stay after the controller has forgotten them."""
    numbers = ",".join(jobs)
    return _ask(["sacct", "--noheader", "-X", "--parsable2", "--format", "JobIDRaw,State", "--jobs", numbers])


def states_in(text: str) -> dict[str, str]:
    """States by number from lines ``number|state``; ``CANCELLED by 1000`` is ``CANCELLED``."""
    pairs = (line.strip().split("|", 1) for line in text.splitlines() if "|" in line)
    return {number: state.split()[0].rstrip("+") for number, state in pairs if state.strip()}


def verdict(state: str | None, looks: int, comes_back: bool) -> Verdict:
    """What follows from a state that was found ``looks`` times in a row; None is a job that nobody knows, as is another word.

    ``comes_back``: interrupted jobs are put back into the queue.
    """
    if state == "COMPLETED":
        return "done"
    if state in INTERRUPTED:
        return "running" if comes_back and looks < PATIENCE else "failed"
    if state in FAILED:
        return "failed"
    if state in AT_WORK or looks < PATIENCE:
        return "running"
    return "unknown"


def is_in_doubt(state: str | None) -> bool:
    """Whether another look is needed soon."""
    return state != "COMPLETED" and state not in FAILED and state not in AT_WORK


def _ask(command: list[str]) -> Answer:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Answer(None, f"{command[0]}: {error}")
    if done.returncode != 0:
        return Answer(
            None, f"{command[0]}: {(done.stderr or done.stdout).strip().splitlines()[-1:] or done.returncode}"
        )
    return Answer(states_in(done.stdout))
