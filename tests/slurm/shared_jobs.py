"""Jobs that share a submission, disturbed. Imported by test_slurm, whose cluster and prepared study they need."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from running import bytes_of, wait_for
from slurm_cluster import Cluster

NAMES = ("f", "g", "h")
STEPS = "steps of 8 samples"  # what a training says when it begins


def test_a_shared_job_that_goes_back_into_the_queue_does_nothing_twice(
    cluster: Cluster, started: Callable[..., Any], undisturbed: dict[str, bytes]
) -> None:
    """The first of three members has ended, the second is at work: that one goes on, and the first is published again."""
    run = started(*NAMES)
    at_work: list[str] = []

    def second_at_work() -> bool:
        done = [name for name in NAMES if (run.checkpoint(name) / "manifest.json").exists()]
        at_work[:] = [name for name in NAMES if name not in done and run.steps(name) > 50]
        assert run.process.poll() is None, run.output[-6000:]
        return bool(done and at_work)

    wait_for(second_at_work, "the second member's steps")
    job = cluster.running("rule_train_together_")
    assert job is not None and run.steps(at_work[0]) < 2300, "too late to strike in mid-work"
    [first] = [name for name in NAMES if (run.checkpoint(name) / "manifest.json").exists()]
    assert STEPS in run.log(first)
    cluster.run("scontrol", "requeue", job["job"])
    run.finish()
    for name in NAMES:
        assert bytes_of(run.checkpoint(name) / "weights") == undisturbed, name
    assert STEPS not in run.log(first), "the finished member was trained again"
    assert "starting after step 0" not in run.log(at_work[0]), "the progress of the member at work was lost"
    mine = [one for one in cluster.jobs() if one["Comment"].startswith("rule_train_together_")]
    assert {one["State"] for one in mine} == {"COMPLETED"} and job["job"] in {one["JobID"] for one in mine}
    # One status line on a terminal, lines at tenths in a file; none for a submission or a command.
    assert re.search(r"^33 %: 1 of 3 jobs \| cells trained 1/3", run.output, re.MULTILINE), run.output[-3000:]
    assert "Logging error" not in run.output
    assert "has been submitted with SLURM jobid" not in run.output and "train.py" not in run.output
