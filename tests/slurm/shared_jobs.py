"""Jobs that share a submission, disturbed. Imported by test_slurm, whose cluster and prepared study they need."""

from __future__ import annotations

import contextlib
import re
import signal
from collections.abc import Callable
from pathlib import Path

from cluster_runs import STEPS, Run
from running import bytes_of, wait_for
from slurm_cluster import Cluster

NAMES = ("f", "g", "h")
SHARED = {"gpus_per_rank": 0, "cells_per_job": len(NAMES), "recipe": {"epochs": STEPS / 3}}
BEGINS = "steps of 8 samples"  # what a training says when it begins


def starters(folder: Path) -> list[str]:
    """The processes that fork trainings of the workflow in a folder; the cluster's nodes are this machine."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "cwd").readlink() == folder.resolve():
                found.append((process / "cmdline").read_bytes().decode())
    return [command for command in found if "gradus.runtime.starter" in command and "local_ranks" in command]


def test_a_shared_job_that_goes_back_into_the_queue_does_nothing_twice(
    cluster: Cluster, started: Callable[..., Run]
) -> None:
    """The first of three members has ended, the second is at work: that one goes on, and the first is published again.

    All three train the same, so that they end in the same bytes, interrupted or not. They come from one import.
    """
    run = started(*NAMES)
    at_work: list[str] = []

    def second_at_work() -> bool:
        done = [name for name in NAMES if (run.checkpoint(name) / "manifest.json").exists()]
        at_work[:] = [name for name in NAMES if name not in done and run.steps(name) > 50]
        return not run.ended() and bool(done and at_work)

    wait_for(second_at_work, "the second member's steps")
    job = cluster.running("rule_train_together_")
    assert job is not None
    cluster.signal_trainings(job["job"], signal.SIGSTOP)
    assert run.steps(at_work[0]) < STEPS - 100, "too late to strike in mid-work"
    [first] = [name for name in NAMES if (run.checkpoint(name) / "manifest.json").exists()]
    assert BEGINS in run.log(first)
    assert starters(run.folder), "each member imports for itself"
    cluster.run("scontrol", "requeue", job["job"])
    cluster.signal_trainings(job["job"], signal.SIGCONT)
    run.finish()
    undisturbed = bytes_of(run.checkpoint(NAMES[2]) / "weights")
    for name in NAMES:
        assert bytes_of(run.checkpoint(name) / "weights") == undisturbed, name
    assert BEGINS not in run.log(first), "the finished member was trained again"
    assert "starting after step 0" not in run.log(at_work[0]), "the progress of the member at work was lost"
    mine = [one for one in cluster.jobs() if one["Comment"].startswith("rule_train_together_")]
    assert {one["State"] for one in mine} == {"COMPLETED"} and job["job"] in {one["JobID"] for one in mine}
    # One status line on a terminal, lines at tenths in a file; none for a submission or a command.
    assert re.search(r"^33 %: 1 of 3 jobs \| cells trained 1/3", run.output, re.MULTILINE), run.output[-3000:]
    assert "Logging error" not in run.output
    assert "has been submitted with SLURM jobid" not in run.output and "train.py" not in run.output
