"""What docs/howto/cluster.md and profiles/sites/ tell sites to write: a SLURM that has those things takes each line."""

from __future__ import annotations

import re
import subprocess
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from running import PROJECT
from slurm_cluster import ACCOUNT, Cluster

# What the rules themselves ask for, as a training of a built student and one on several nodes do.
RULES: dict[str, dict[str, Any]] = {
    "train": {"mem_mb": 2000, "runtime": 60, "gpu": 1, "nodes": 1},
    "train_on_nodes": {
        "mem_mb": 2000,
        "runtime": 60,
        "gpu": 2,
        "nodes": 2,
        "tasks": 2,
        "tasks_per_gpu": -1,
        "mpi": "srun",
        "slurm_extra": "--gpus-per-node=1",
    },
    "generate": {"mem_mb": 2000, "runtime": 60, "gpu": 1},
    "student": {"mem_mb": 2000, "runtime": 60},
    "score": {"mem_mb": 2000, "runtime": 5},
}
VARIABLES = {"$GRADUS_ACCOUNT": ACCOUNT, "$GRADUS_CPU_PARTITION": "cpu", "$GRADUS_GPU_PARTITION": "gpu"}


class Asked(dict[str, Any]):
    """Resources of a job, by name and as attributes."""

    def __getattr__(self, name: str) -> Any:
        return self.get(name)


def lines() -> list[tuple[str, str]]:
    """What to write, and what becomes of it, from the table of the page."""
    page = (PROJECT / "docs" / "howto" / "cluster.md").read_text(encoding="utf-8")
    table = page.partition("<!-- site:")[2].partition("<!-- end of site -->")[0]
    cells = [line.strip("| ").split(" | ") for line in table.splitlines() if "`train:" in line]
    rows = [(re.findall("`([^`]+)`", written)[0], becomes.strip("`")) for _, written, becomes in cells]
    assert len(rows) >= 10
    return rows


def call(cluster: Cluster, resources: dict[str, Any]) -> tuple[str, str]:
    """The plugin's call of sbatch for such a job, and what SLURM answers to it."""
    submit = pytest.importorskip("snakemake_executor_plugin_slurm.submit_string")
    utils = pytest.importorskip("snakemake_executor_plugin_slurm.utils")
    validation = pytest.importorskip("snakemake_executor_plugin_slurm.validation")
    asked = Asked({name: VARIABLES.get(str(value), value) for name, value in resources.items()})
    job = SimpleNamespace(resources=asked, threads=1)
    validation.validate_slurm_extra(job)
    known = {"account": f"-A {asked.slurm_account}", "partition": f"-p {asked.slurm_partition}", "workdir": "/tmp"}
    given = {"run_uuid": "sites", "slurm_logfile": "/dev/null", "comment_str": "none", **known}
    line = submit.get_submit_command(job, given) + utils.set_gres_string(job)
    done = subprocess.run(
        f"{line} --test-only --wrap true",
        shell=True,
        env=cluster.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, f"{line}\n{done.stderr}"
    return line, done.stderr


def test_every_line_of_the_page_is_taken(cluster: Cluster) -> None:
    for written, becomes in lines():
        changed = {
            name: int(value) if re.fullmatch(r"-?\d+", value) else value
            for name, value in (word.removeprefix("train:").split("=", 1) for word in written.split())
        }
        base = {"slurm_account": ACCOUNT, "slurm_partition": "gpu", **RULES["train"]}
        line, answer = call(cluster, {**base, **changed})
        assert "to start at" in answer, (line, answer)
        options = [] if becomes.startswith("nothing") else re.findall(r"-\S+(?: [^-]\S*)?", becomes.replace(":N", ":1"))
        assert all(option in line for option in options), (line, options)


@pytest.mark.parametrize("name", ["gpu-types", "memory-per-cpu"])
def test_the_examples_of_sites_are_taken(cluster: Cluster, name: str) -> None:
    profile = yaml.safe_load((PROJECT / "profiles" / "sites" / f"{name}.yaml").read_text(encoding="utf-8"))
    for rule, resources in RULES.items():
        line, answer = call(
            cluster, {**profile["default-resources"], **resources, **profile["set-resources"].get(rule, {})}
        )
        assert "to start at" in answer, (line, answer)
        assert ("--mem-per-cpu" in line) == (name == "memory-per-cpu"), line
