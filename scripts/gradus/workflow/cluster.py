"""The cluster as the workflow's main process meets it, before the graph of jobs is made."""

from __future__ import annotations

from typing import Any

from gradus.runtime import environment
from gradus.workflow import resources, slurm_executor


def prepare(workflow: Any) -> None:
    """Check the variables that the profile names, and let SLURM's jobs be submitted as ``slurm_executor`` does.

    Raises UserError where a variable is not set.
    """
    environment.check_cluster(*resources.of_profile(workflow))
    slurm_executor.install(workflow)
