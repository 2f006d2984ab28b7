"""Geometry: how many nodes train together, which of them this is, and where they meet.

On one node everything is local. Under ``srun`` with one task per node, SLURM gives each task its number and the number of
tasks; both are read inside the task, because the job's own shell may know only the job's number.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from gradus.runtime.environment import meeting_point
from gradus.runtime.errors import UserError
from gradus.runtime.slurm import address_of, hosts

FIRST_PORT, PORTS = 20_000, 12_000  # below the range from which Linux draws ports for outgoing connections


@dataclass(frozen=True)
class Geometry:
    """The nodes of a training; ``address`` and ``port`` are None on a single node, where torchrun finds its own."""

    nodes: int
    node: int
    ranks_per_node: int
    address: str | None
    port: int | None

    @property
    def leads(self) -> bool:
        """Whether this node verifies and publishes what all have trained."""
        return self.node == 0

    def torchrun_options(self) -> list[str]:
        """Options of torch.distributed.run."""
        options = [f"--nnodes={self.nodes}", f"--nproc-per-node={self.ranks_per_node}", "--max-restarts=0"]
        if self.address is None:
            return [*options, "--rdzv-backend=c10d", "--rdzv-endpoint=localhost:0"]
        return [*options, f"--node-rank={self.node}", f"--master-addr={self.address}", f"--master-port={self.port}"]


def geometry(environment: Mapping[str, str], ranks: int) -> Geometry:
    """The geometry of ``ranks`` processes from a task's environment.

    Several nodes: ``SLURM_STEP_NUM_TASKS`` (or ``SLURM_NTASKS``) tasks, one per node, numbered by ``SLURM_PROCID``. They
    meet at ``GRADUS_MASTER`` (HOST or HOST:PORT) or at the step's first node, at a port that follows from the numbers of
    job and step, so that all tasks know it and jobs on one node differ. Raises UserError where the ranks cannot be shared
    evenly or the first node is unknown.
    """
    inside_step = "SLURM_PROCID" in environment and "SLURM_STEP_ID" in environment
    tasks = int(environment.get("SLURM_STEP_NUM_TASKS") or environment.get("SLURM_NTASKS") or 1) if inside_step else 1
    if tasks == 1:
        return Geometry(1, 0, ranks, None, None)
    if ranks % tasks:
        raise UserError(
            f"{ranks} ranks cannot be shared evenly by {tasks} tasks",
            where="configuration key recipe.ranks",
            hint="one task per node, and the same number of ranks on each",
        )
    host, port = meeting_point(environment)
    number = int(environment.get("SLURM_JOB_ID", "0")) * 61 + int(environment["SLURM_STEP_ID"])
    return Geometry(
        tasks,
        int(environment["SLURM_PROCID"]),
        ranks // tasks,
        host or _first_node(environment),
        int(port) if port else FIRST_PORT + number % PORTS,
    )


def _first_node(environment: Mapping[str, str]) -> str:
    """The first host of the step's node list (``n[3-4,7]`` and the like are unfolded by scontrol, or here)."""
    nodes = environment.get("SLURM_STEP_NODELIST") or environment.get("SLURM_JOB_NODELIST") or ""
    if not nodes:
        raise UserError("SLURM names no nodes (SLURM_STEP_NODELIST)", hint="set GRADUS_MASTER=HOST for this step")
    first = next(iter(hosts(nodes)), None) or unfold_first(nodes)
    try:
        socket.getaddrinfo(first, None)
    except OSError:  # a site may give nodes names that only SLURM knows
        return address_of(first) or first
    return first


def unfold_first(nodes: str) -> str:
    """The first host of a SLURM node list: ``gpu[007-009,12],x1`` -> ``gpu007``."""
    found = re.match(r"([^\[,]*)(?:\[(\w+)[^\]]*\]([^,]*))?", nodes)
    return "".join(part or "" for part in found.groups()) if found else nodes


def spread(nodes: int, environment: Mapping[str, str], command: list[str], cpus: int, gpus: int) -> list[str] | None:
    """The command that starts one launcher on each of several nodes; None where this is one of them, or there is one node.

    ``cpus`` and ``gpus`` are those of each node.
    Inside a job the plugin leaves nothing of SLURM's variables but the job's number, so srun gets every option spelled out.
    """
    if nodes == 1 or "SLURM_STEP_ID" in environment:
        return None
    if "SLURM_JOB_ID" not in environment:
        raise UserError(
            f"a training on {nodes} nodes needs a SLURM job",
            hint="run it with --profile slurm, or set resources.nodes to 1",
        )
    options = [f"--nodes={nodes}", f"--ntasks={nodes}", "--ntasks-per-node=1", "--overlap", "--kill-on-bad-exit=0"]
    options += [f"--cpus-per-task={cpus}", *([f"--gpus-per-node={gpus}"] if gpus else [])]
    return ["srun", *options, *command]
