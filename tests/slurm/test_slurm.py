"""`snakemake --profile slurm` on a real cluster: unchanged rules, several nodes, time limits, SLURM's own accounting.

They need root and Debian's slurm-wlm, slurmdbd, mariadb-server and munge; GRADUS_REQUIRE_SLURM turns a skip into a failure.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cluster import ACCOUNT, Cluster, missing_programs, start
from conftest import HANG_LIMIT, tiny_study
from safetensors.numpy import load_file

pytestmark = pytest.mark.full  # minutes each; not yet part of CI

CELL = "gradeschool/tutor/original/L1"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    missing = missing_programs()
    if missing:
        reason = f"no SLURM cluster can be booted here: {', '.join(missing)} missing"
        if os.environ.get("GRADUS_REQUIRE_SLURM"):
            pytest.fail(reason)
        pytest.skip(reason)
    running = start(tmp_path_factory.mktemp("slurm"))
    try:
        yield running
    finally:
        running.stop()


def run(cluster: Cluster, folder: Path, study: dict[str, Any], *arguments: str) -> str:
    """The command that docs/cluster.md tells, from a clean copy of the project; its output."""
    (folder / "study.yaml").write_text(yaml.safe_dump(study, sort_keys=False), encoding="utf-8")
    environment = {
        **cluster.environment,
        "GRADUS_ACCOUNT": ACCOUNT,
        "GRADUS_CPU_PARTITION": "cpu",
        "GRADUS_GPU_PARTITION": "gpu",
        "PYTHONPATH": "",
    }
    command = [sys.executable, "-m", "snakemake", "--profile", "slurm", "--configfile", "study.yaml"]
    done = subprocess.run(
        [*command, "--slurm-init-seconds-before-status-checks", "5", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=HANG_LIMIT,
    )
    output = done.stdout + done.stderr
    assert done.returncode == 0, output[-6000:]
    return output


def jobs(cluster: Cluster) -> list[dict[str, str]]:
    """What SLURM's accounting knows of all jobs."""
    names = ("JobID", "Comment", "State", "Partition", "AllocNodes", "Restarts")
    shown = cluster.run("sacct", "--noheader", "-X", "--parsable2", f"--format={','.join(names[:5])}")
    return [dict(zip(names, line.split("|"), strict=False)) for line in shown.splitlines()]


def students(**resources: dict[str, Any]) -> dict[str, Any]:
    """The tiny study with one cell per student, all from the same base model."""
    study = tiny_study("cluster")
    base = study["students"]["mini"]
    study["students"] = {}
    for name, changes in resources.items():
        study["students"][name] = {**base, "recipe": changes.pop("recipe", {}), "resources": changes}
    experiment = study["experiments"]["granularity"]
    experiment["students"] = list(resources)
    del experiment["baselines"]
    return study


def test_one_node_and_two_train_the_same_weights(cluster: Cluster, project_copy: Path) -> None:
    """ZeRO-2 and ZeRO-3 over two nodes, one rank each, against two ranks on one node; every job accounted for once."""
    study = students(
        one={"gpus_per_rank": 1},
        two={"nodes": 2, "gpus_per_rank": 1},
        three={"nodes": 2, "gpus_per_rank": 0, "recipe": {"zero_stage": 3}},
    )
    run(cluster, project_copy, study, "checkpoints")
    found = {}
    for name in study["students"]:
        folder = project_copy / "results" / "cluster" / "checkpoints" / CELL / name / "seed1"
        assert json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["world_size"] == 2
        found[name] = load_file(folder / "weights" / "model.safetensors")
    for name in ("two", "three"):
        assert found[name].keys() == found["one"].keys()
        for key, tensor in found["one"].items():
            assert abs(found[name][key] - tensor).max() <= 1e-6, (name, key)
    accounted = [job for job in jobs(cluster) if "rule_" in job["Comment"]]
    assert {job["State"] for job in accounted} == {"COMPLETED"}
    comments = [job["Comment"] for job in accounted]
    assert len(comments) == len(set(comments)), "a job ran twice"
    trained = {job["Comment"]: job for job in accounted if "rule_train_" in job["Comment"]}
    assert sorted(job["AllocNodes"] for job in trained.values()) == ["1", "2", "2"]
    assert {job["Partition"] for job in trained.values()} == {"gpu"}
    assert {job["Partition"] for job in accounted if "rule_annotate" in job["Comment"]} == {"cpu"}


def test_a_training_beyond_its_time_limit_stops_itself_and_goes_on(cluster: Cluster, project_copy: Path) -> None:
    """One minute a try, for a training that takes longer: SLURM never has to end it."""
    study = students(slow={"runtime": 1, "gpus_per_rank": 0, "recipe": {"epochs": 2500.0, "save_every": 5000}})
    output = run(cluster, project_copy, study, "checkpoints")
    logs = project_copy / "results" / "cluster" / "logs" / "checkpoints" / CELL / "slow"
    folder = project_copy / "results" / "cluster" / "checkpoints" / CELL / "slow" / "seed1"
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["steps"] == 7500
    assert "Trying to restart job" in output, "one try was enough"
    assert "starting after step 0" not in next(logs.glob("*.log")).read_text(encoding="utf-8"), "progress was lost"
    states = [job["State"] for job in jobs(cluster) if "rule_train_" in job["Comment"] and "slow" in job["Comment"]]
    assert "TIMEOUT" not in states and states.count("FAILED") >= 1 and states.count("COMPLETED") == 1
