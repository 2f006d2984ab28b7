"""Endings: what a run has made, or why it failed: printed on the terminal, and sent to whoever asked for it."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

from gradus.runtime import environment
from gradus.study.config import Study
from gradus.terminal.attach import handler_of
from gradus.workflow import setting_aside, summary
from gradus.workflow.rule_names import plain

_PATIENCE = 60  # seconds that a notice may take


def on_success(workflow: Any, study: Study) -> None:
    """Print the closing lines of a run that succeeded on standard error."""
    setting_aside.after_the_last_job(study)
    whole = any(plain(job.rule.name) == "all" for job in workflow.dag.jobs)
    _print_and_notify(study, "finished", summary.text(study, environment.project_folder() / "studies", whole=whole))


def on_failure(workflow: Any, study: Study) -> None:
    """Print why a run failed, and how it goes on, on standard error."""
    setting_aside.after_the_last_job(study)
    handler = handler_of(workflow)
    reasons = {} if handler is None else handler.reasons
    _print_and_notify(study, "failed", summary.failures(study, failed=failed_jobs(workflow), reasons=reasons))


def failed_jobs(workflow: Any) -> dict[Path, str]:
    """The logs of the jobs that failed for good, and their rules; members of a shared job count one by one."""
    # Snakemake has no public word for it; a version without this attribute leaves what the logs themselves say.
    failed = getattr(getattr(workflow, "scheduler", None), "failed", ())
    members = (one for job in failed for one in (getattr(job, "jobs", None) or [job]))
    return {Path(log): plain(job.rule.name) for job in members for log in job.log}


def _print_and_notify(study: Study, outcome: Literal["finished", "failed"], lines: str) -> None:
    print(lines, file=sys.stderr)
    said = environment.notify_command()
    problem = None if said is None else notice(said, outcome, study.study, lines)
    if problem is not None:
        print(f"{environment.NOTIFY.name}: {problem}", file=sys.stderr)


def notice(said: str, outcome: str, study: str, lines: str) -> str | None:
    """Mail the lines to an address, or hand them to a command; why that failed, or None. The run has ended either way."""
    try:
        words = shlex.split(said)
        if "@" in said and len(words) == 1 and "/" not in said:
            words = ["mail", "-s", f"Gradus: {study} {outcome}", said]
        else:
            words += [outcome, study]
        done = subprocess.run(
            words, input=lines.strip() + "\n", text=True, timeout=_PATIENCE, capture_output=True, check=False
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        return str(error)
    return (
        None
        if done.returncode == 0
        else f"{words[0]} ended with status {done.returncode}: {done.stderr.strip()[-300:]}"
    )
