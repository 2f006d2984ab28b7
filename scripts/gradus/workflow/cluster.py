"""The cluster as the workflow's processes meet it, before the graph of jobs is made."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from typing import Any

from gradus.runtime import environment
from gradus.workflow import resources, slurm_executor


def prepare(workflow: Any) -> None:
    """Check the variables that the profile names, and let jobs find Python and be submitted as ``slurm_executor`` does.

    Raises UserError where a variable is not set.
    """
    quote_interpreter()
    environment.check_cluster(*resources.of_profile(workflow))
    slurm_executor.install(workflow)


def quote_interpreter() -> None:
    """Let executors start Python where its path has a space: Snakemake and SLURM's plugins write it into shell commands as it is.

    Asked for in every process that parses the Snakefile: a job on a node starts Snakemake again.
    """
    if shlex.quote(sys.executable) == sys.executable:
        return
    from snakemake_interface_executor_plugins.executors.real import RealExecutor

    waiting = RealExecutor.__subclasses__()
    while waiting:
        executor = waiting.pop()
        waiting += executor.__subclasses__()
        given = vars(executor).get("get_python_executable")
        if given is not None and not hasattr(given, "quotes"):
            executor.get_python_executable = _quoting(given)


def _quoting(given: Callable[[Any], str]) -> Callable[[Any], str]:
    def quoted(executor: Any) -> str:
        return shlex.quote(given(executor))

    quoted.quotes = True  # type: ignore[attr-defined]
    return quoted
