"""`snakemake --profile slurm` on a real cluster: unchanged rules, several nodes, faults, and SLURM's own accounting.

They need root and Debian's slurm-wlm, slurmdbd, mariadb-server and munge; GRADUS_REQUIRE_SLURM turns a skip into a failure.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from builders import tiny_study
from cluster_runs import CELL, STEPS, Run, target
from running import HANG_LIMIT, copy_project, wait_for
from safetensors.numpy import load_file
from shared_jobs import SHARED, test_a_shared_job_that_goes_back_into_the_queue_does_nothing_twice  # noqa: F401 - as below
from site_lines import (  # noqa: F401 - a machine has one cluster: they run here, in one process with those that boot it
    test_every_line_of_the_page_is_taken,
    test_the_examples_of_sites_are_taken,
)
from slurm_cluster import ACCOUNT, NODES, Cluster


def students(**changed: dict[str, Any]) -> dict[str, Any]:
    """The tiny study with one cell per student, all from one base model, one rank each if nothing else is said."""
    study = tiny_study("cluster")
    base = {"kind": "pretrained", "model": "results/cluster/students/mini/model"}
    study["students"] = {"mini": study["students"]["mini"]}
    for name, changes in changed.items():
        # Each its own job: the tests strike at one training.
        resources = {"cells_per_job": 1} | {key: value for key, value in changes.items() if key != "recipe"}
        recipe = {"ranks": 1, "save_every": 20, **changes.get("recipe", {})}
        study["students"][name] = {**base, "recipe": recipe, "resources": resources}
    experiment = study["experiments"]["granularity"]
    experiment["students"] = list(changed)
    del experiment["baselines"]
    return study


DISTURBED = {"epochs": STEPS / 3}


def disturbed(**resources: Any) -> dict[str, Any]:
    return {"gpus_per_rank": 0, **resources, "recipe": DISTURBED}


PREPARED = {
    "one": {"gpus_per_rank": 1, "recipe": {"ranks": 2}},
    "two": {"nodes": 2, "gpus_per_rank": 1, "recipe": {"ranks": 2}},
    "three": {"nodes": 2, "gpus_per_rank": 0, "recipe": {"ranks": 2, "zero_stage": 3}},
    "a": disturbed(gpus_per_rank=2),
    "b": disturbed(gpus_per_rank=2),
    "c": disturbed(runtime=1),
    **dict.fromkeys("de", disturbed()),
    **dict.fromkeys("fgh", SHARED),
}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which everything up to the training sets has been made, without a cluster."""
    folder = tmp_path_factory.mktemp("prepared") / "project"
    copy_project(folder)
    study = students(**PREPARED)
    (folder / "study.yaml").write_text(yaml.safe_dump(study, sort_keys=False), encoding="utf-8")
    sets = [f"results/cluster/training_sets/{CELL}/{name}.manifest.json" for name in PREPARED]
    for targets in (["results/cluster/students/mini/manifest.json"], sets):
        command = [sys.executable, "-m", "snakemake", *targets, "--configfile", "study.yaml", "--cores", "2"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=HANG_LIMIT, env=clean())
        assert done.returncode == 0, done.stdout + done.stderr
    return folder


def clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("GRADUS_", "SLURM_"))}


@pytest.fixture(scope="module")
def undisturbed(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The weights of the disturbed training where nothing disturbs it (all of them train the same)."""
    folder = tmp_path_factory.mktemp("undisturbed") / "project"
    shutil.copytree(prepared, folder, symlinks=True)
    command = [sys.executable, "-m", "snakemake", "--configfile", "study.yaml", "--cores", "2"]
    done = subprocess.run(
        [*command, target("a")], cwd=folder, capture_output=True, text=True, timeout=HANG_LIMIT, env=clean()
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return weights(folder / target("a"))


def weights(manifest: Path) -> dict[str, bytes]:
    assert json.loads(manifest.read_text(encoding="utf-8"))["steps"] == STEPS
    folder = manifest.parent / "weights"
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if not path.name.startswith(".snakemake")}


@pytest.fixture
def started(cluster: Cluster, prepared: Path, tmp_path: Path) -> Iterator[Callable[..., Run]]:
    """Start the prepared study's trainings of some students on the cluster."""
    runs = []

    def make(*chosen: str, work_megabytes: int | None = None) -> Run:
        shutil.copytree(prepared, tmp_path / "project", symlinks=True)
        if work_megabytes:
            shutil.rmtree(tmp_path / "project" / "work", ignore_errors=True)
            (tmp_path / "project" / "work").mkdir()
            size = f"size={work_megabytes}m"
            subprocess.run(["mount", "-t", "tmpfs", "-o", size, "none", tmp_path / "project" / "work"], check=True)
        made = Run(cluster, tmp_path / "project", students(**PREPARED))
        runs.append(made)
        made.start(*map(target, chosen))
        return made

    yield make
    for made in runs:
        if made.process is not None and made.process.poll() is None:
            os.killpg(made.process.pid, signal.SIGKILL)
    cluster.run("scancel", "--user", "root", check=False)
    subprocess.run(["umount", "--lazy", tmp_path / "project" / "work"], check=False, capture_output=True)


def test_one_node_and_two_train_the_same_weights(cluster: Cluster, started: Callable[..., Run]) -> None:
    """ZeRO-2 and ZeRO-3 over two nodes, one rank each, against two ranks on one node; every job accounted for once."""
    names = ("one", "two", "three")
    run = started(*names)
    run.finish()
    found = {}
    for name in names:
        assert json.loads((run.checkpoint(name) / "manifest.json").read_text(encoding="utf-8"))["world_size"] == 2
        found[name] = load_file(run.checkpoint(name) / "weights" / "model.safetensors")
    for name in ("two", "three"):
        assert found[name].keys() == found["one"].keys()
        for key, tensor in found["one"].items():
            assert abs(found[name][key] - tensor).max() <= 1e-6, (name, key)
    trained = [job for job in cluster.jobs() if re.search(r"rule_train_.*_(one|two|three)_1$", job["Comment"])]
    assert sorted(job["AllocNodes"] for job in trained) == ["1", "2", "2"], "a job ran twice"
    assert {(job["State"], job["Partition"]) for job in trained} == {("COMPLETED", "gpu")}


def test_cancelled_preempted_and_out_of_time(
    cluster: Cluster, started: Callable[..., Run], undisturbed: dict[str, bytes]
) -> None:
    """scancel of one training, a job of higher priority on the node of another, and one minute for a third."""
    run = started("a", "b")
    with run.held("a", "b") as (cancelled, preempted):
        cluster.run("scancel", cancelled["job"])
        urgent = ("sbatch", "-A", ACCOUNT, "-p", "urgent", "-w", preempted["node"], "--gpus=2", "--mem=100")
        cluster.run(*urgent, "-o", "/dev/null", "--wrap", "sleep 5")
        cluster.signal_trainings(cancelled["job"], signal.SIGCONT)
        wait_for(
            lambda: "PreemptTime=None" not in cluster.run("scontrol", "show", "job", preempted["job"]), "the other job"
        )
    run.finish()
    run.start(target("c"))
    with run.held("c") as (late,):
        left = ("squeue", "-h", "-j", late["job"], "-o", "%L")
        wait_for(lambda: re.match(r"0:0\d|0:1[0-2]", cluster.run(*left)), "the last seconds of a job", pause=0.5)
    run.finish()
    for name in ("a", "b", "c"):
        assert weights(run.checkpoint(name) / "manifest.json") == undisturbed, name
        assert "starting after step 0" not in run.log(name), f"the progress of {name} was lost"
    states = {job["JobID"]: job["State"] for job in cluster.jobs()}
    assert states[cancelled["job"]].startswith("CANCELLED")
    assert states[preempted["job"]] == "COMPLETED", "the pre-empted job did not come back under its number"
    for name, cause in (("b", "PREEMPTED|REQUEUED"), ("c", "REQUEUED")):
        tries = cluster.run("sacct", "--noheader", "-X", "-D", "--parsable2", "--format=Comment,State")
        mine = [line.split("|")[1] for line in tries.splitlines() if re.search(rf"rule_train_.*_{name}_1\|", line)]
        assert re.search(cause, " ".join(mine)), f"{name} was never stopped: {mine}"
        assert "TIMEOUT" not in mine


def test_a_crashed_node_a_restarted_controller_and_no_accounting(
    cluster: Cluster, started: Callable[..., Run], undisturbed: dict[str, bytes]
) -> None:
    run = started("a", "b")
    with run.held("a", "b") as (crashed, _):
        cluster.kill("slurmctld")
        assert "DOWN" in cluster.run("scontrol", "ping", check=False)
        cluster.start("slurmctld")
        wait_for(lambda: "UP" in cluster.run("scontrol", "ping", check=False), "the controller", pause=0.5)
        cluster.kill("slurmdbd")
        down = time.monotonic()
        cluster.crash(crashed["node"])
    wait_for(lambda: run.training("a") is None, "SLURM's notice of the lost node", pause=0.5)
    cluster.start(f"slurmd-{crashed['node']}")
    time.sleep(max(0.0, 60 - (time.monotonic() - down)))
    cluster.start("slurmdbd")
    run.finish()
    for name in ("a", "b"):
        assert weights(run.checkpoint(name) / "manifest.json") == undisturbed, name
    assert "starting after step 0" not in run.log("a"), "the progress of the crashed node's training was lost"
    assert "starting after step 0" in run.log("b"), "the other training was disturbed"


def test_the_main_process_is_killed_and_a_node_drained_while_jobs_run(
    cluster: Cluster, started: Callable[..., Run], undisturbed: dict[str, bytes]
) -> None:
    """The jobs run on; the next command's jobs wait for them, or find what they made, and train nothing twice."""
    run = started("d", "e")
    try:
        with run.held("d", "e") as (first, second):
            cluster.run("scontrol", "update", f"nodename={first['node']}", "state=drain", "reason=test")
            assert run.process is not None
            os.killpg(run.process.pid, signal.SIGKILL)
            run.process.wait()
            command = [sys.executable, "-m", "snakemake", "--configfile", "study.yaml", "--unlock"]
            subprocess.run(command, cwd=run.folder, env=clean(), check=True, capture_output=True)
            assert run.training("d") and run.training("e"), "the jobs ended with Snakemake"
            run.start(target("d"), target("e"))
            for name, job in (("d", first), ("e", second)):
                waits = f"SLURM job {job['job']} is already working on this; waiting until it ends"
                wait_for(lambda name=name, waits=waits: waits in run.log(name), f"the second job of {name}", pause=0.5)  # type: ignore[misc]
        run.finish()
    finally:
        cluster.run("scontrol", "update", f"nodename={','.join(NODES)}", "state=resume", check=False)
    for name in ("d", "e"):
        assert weights(run.checkpoint(name) / "manifest.json") == undisturbed, name
        assert "steps of 8 samples" not in run.log(name), "the second job trained"
    states = {job["JobID"]: job["State"] for job in cluster.jobs()}
    assert states[first["job"]] == states[second["job"]] == "COMPLETED", "the jobs did not outlive Snakemake"


@pytest.mark.full  # tests/faults has a full disk without a cluster
def test_a_full_shared_folder(started: Callable[..., Run], undisturbed: dict[str, bytes]) -> None:
    """No byte is left in work/ while a training wants to save; the next try goes on from the last whole checkpoint."""
    run = started("a", work_megabytes=16)
    filled = run.work / "filled"
    with run.held("a"), pytest.raises(OSError, match="No space left"), open(filled, "wb", buffering=0) as stream:
        while True:
            stream.write(bytes(4096))
    wait_for(lambda: "cannot read or save the training" in run.output, "a failing save")
    filled.unlink()
    run.finish()
    assert weights(run.checkpoint("a") / "manifest.json") == undisturbed
    assert "starting after step 0" not in run.log("a"), "progress was lost"


@pytest.mark.parametrize(
    ("levels", "seeds"),
    [(["L1", "L5"], 1), pytest.param(["L1", "L2", "L3", "L4", "L5"], 2, marks=pytest.mark.full)],
    ids=["four cells", "twenty cells"],
)
def test_from_problems_to_report(cluster: Cluster, tmp_path: Path, levels: list[str], seeds: int) -> None:
    whole_study(cluster, tmp_path, levels, seeds)


@pytest.mark.full
def test_a_hundred_cells_are_trained(cluster: Cluster, tmp_path: Path) -> None:
    whole_study(cluster, tmp_path, ["L1", "L2", "L3", "L4", "L5"], 10, "checkpoints")


def whole_study(cluster: Cluster, tmp_path: Path, levels: list[str], seeds: int, *targets: str) -> None:
    """Unchanged rules; SLURM's accounting against the manifests: no job lost, none run twice, short ones together."""
    study = tiny_study(f"cut-{seeds}")
    study["recipe"] |= {"ranks": 1}
    for student in study["students"].values():
        student["warm_up"] |= {"ranks": 1}
    experiment = study["experiments"]["granularity"]
    experiment |= {"levels": levels, "seeds": list(range(1, seeds + 1)), "baselines": []}
    copy_project(tmp_path / "project")
    run = Run(cluster, tmp_path / "project", study)
    started = time.monotonic()
    run.start(*targets)
    run.finish()
    seconds = time.monotonic() - started
    mine = run.jobs()
    assert {job["State"] for job in mine} == {"COMPLETED"}
    comments = Counter(job["Comment"] for job in mine)
    assert set(comments.values()) == {1}, "a job ran twice"
    rules = Counter(re.match(r"rule_(.*?)_(wildcards|together)_", job["Comment"])[1] for job in mine)  # type: ignore[index]
    cells = 2 * len(levels) * seeds
    # Two students, two levels or more: bases, audits and annotations, and four jobs a cell if each were one.
    assert len(mine) <= (6 + 4 * cells) / 2, rules
    assert -(-cells // 4) <= rules["train"] < cells
    assert {job["Partition"] for job in mine if re.match("rule_(train|generate|student)_", job["Comment"])} == {"gpu"}
    assert {job["Partition"] for job in mine if re.match("rule_(annotate|score|training_set)_", job["Comment"])} == {
        "cpu"
    }
    # The jobs that wrote the checkpoints are those that SLURM accounts for.
    records = [json.loads(path.read_text()) for path in run.results.glob("checkpoints/**/seed*.run.json")]
    trained = {job["JobID"] for job in mine if job["Comment"].startswith("rule_train_")}
    assert {record["slurm_job"] for record in records} == trained and len(records) == cells
    assert targets or len(list(run.results.glob("metrics/**/greedy.json"))) == cells
    assert targets or (run.results / "report" / "report.zip").exists()
    print(f"{cells} cells, {len(mine)} jobs in {seconds:.0f} s")


@pytest.mark.full
def test_three_hundred_jobs_that_do_nothing(cluster: Cluster, tmp_path: Path) -> None:
    """The scheduler, the plugin and a Snakemake per job, without the work: none lost, none run twice, in few submissions."""
    copy_project(tmp_path / "project")
    nothing = 'true; for o in {output}; do case "$o" in */weights|*/model) mkdir -p "$o";; *) touch "$o";; esac; done'
    for path in (tmp_path / "project" / "rules").glob("*.smk"):
        text = re.sub(r"(?m)^    shell:\n(?:        .*\n)+", f"    shell:\n        '{nothing}'\n", path.read_text())
        path.write_text(text)
    study = tiny_study("idle")
    experiment = study["experiments"]["granularity"]
    levels = ["L1", "L2", "L3", "L4", "L5", "L6"]
    experiment |= {"levels": levels, "seeds": list(range(1, 9)), "baselines": []}
    run = Run(cluster, tmp_path / "project", study)
    started = time.monotonic()
    run.start("metrics")
    run.finish()
    seconds = time.monotonic() - started
    mine = run.jobs()
    assert len(mine) <= 100
    assert {job["State"] for job in mine} == {"COMPLETED"}
    assert set(Counter(job["Comment"] for job in mine).values()) == {1}, "a job ran twice"
    assert len(list(run.results.glob("metrics/**/greedy.json"))) == 96
    print(f"{len(mine)} jobs in {seconds:.0f} s")
