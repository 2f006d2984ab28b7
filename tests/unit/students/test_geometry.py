"""Which node of a training this is, from the environment that SLURM gives a task."""

from pathlib import Path

import pytest

from gradus.runtime.errors import UserError
from gradus.students.training.geometry import FIRST_PORT, PORTS, Geometry, geometry, spread, unfold_first

TASK = {
    "SLURM_JOB_ID": "812",
    "SLURM_STEP_ID": "3",
    "SLURM_PROCID": "1",
    "SLURM_STEP_NUM_TASKS": "2",
    "SLURM_STEP_NODELIST": "gpu[007-008]",
}


@pytest.fixture(autouse=True)
def without_slurm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")  # no scontrol: node lists are unfolded here


def test_one_node_finds_its_own_meeting_place() -> None:
    for environment in ({}, {"SLURM_JOB_ID": "5", "SLURM_NTASKS": "4"}, {**TASK, "SLURM_STEP_NUM_TASKS": "1"}):
        meeting = geometry(environment, 4)
        assert meeting == Geometry(1, 0, 4, None, None)
        assert meeting.torchrun_options()[-2:] == ["--rdzv-backend=c10d", "--rdzv-endpoint=localhost:0"]
        assert meeting.leads


def test_several_nodes_share_the_ranks_and_meet_at_the_first() -> None:
    first, second = geometry({**TASK, "SLURM_PROCID": "0"}, 8), geometry(TASK, 8)
    assert (first.nodes, first.node, first.ranks_per_node, first.address) == (2, 0, 4, "gpu007")
    assert (first.leads, second.leads) == (True, False)
    assert first.port == second.port and FIRST_PORT <= (first.port or 0) < FIRST_PORT + PORTS
    assert second.torchrun_options() == [
        "--nnodes=2",
        "--nproc-per-node=4",
        "--max-restarts=0",
        "--node-rank=1",
        "--master-addr=gpu007",
        f"--master-port={second.port}",
    ]


def test_jobs_and_steps_on_one_node_meet_at_different_ports() -> None:
    ports = {
        geometry({**TASK, "SLURM_JOB_ID": str(job), "SLURM_STEP_ID": str(step), "GRADUS_MASTER": "gpu007"}, 2).port
        for job in range(800, 820)
        for step in range(20)
    }
    assert len(ports) == 400


def test_the_meeting_place_can_be_told() -> None:
    meeting = geometry({**TASK, "GRADUS_MASTER": "10.0.0.5:4711"}, 2)
    assert (meeting.address, meeting.port) == ("10.0.0.5", 4711)
    assert geometry({**TASK, "GRADUS_MASTER": "10.0.0.5"}, 2).port == geometry(TASK, 2).port


def test_ranks_that_cannot_be_shared_evenly_are_a_message() -> None:
    with pytest.raises(UserError, match="3 ranks cannot be shared evenly by 2 tasks"):
        geometry(TASK, 3)


def test_unknown_nodes_are_a_message() -> None:
    with pytest.raises(UserError, match="GRADUS_MASTER"):
        geometry({**TASK, "SLURM_STEP_NODELIST": ""}, 2)


@pytest.mark.parametrize(
    ("nodes", "first"),
    [("n1", "n1"), ("n1,n2", "n1"), ("gpu[007-009,12],x1", "gpu007"), ("a-b[3]", "a-b3"), ("r[1-2]n,z", "r1n")],
)
def test_the_first_of_a_node_list(nodes: str, first: str) -> None:
    assert unfold_first(nodes) == first


def test_one_launcher_per_node_is_started_by_srun_inside_a_job_only() -> None:
    command = ["python", "train.py", "--nodes", "2"]
    assert spread(1, {}, command, cpus=4, gpus=4) is None
    assert spread(2, TASK, command, cpus=4, gpus=4) is None, "this is one of the launchers"
    started = spread(2, {"SLURM_JOB_ID": "812"}, command, cpus=4, gpus=2)
    assert started == [
        "srun",
        "--nodes=2",
        "--ntasks=2",
        "--ntasks-per-node=1",
        "--overlap",
        "--kill-on-bad-exit=0",
        "--cpus-per-task=4",
        "--gpus-per-node=2",
        *command,
    ]
    assert "--gpus-per-node=0" not in (spread(2, {"SLURM_JOB_ID": "812"}, command, cpus=4, gpus=0) or [])
    with pytest.raises(UserError, match="--profile slurm"):
        spread(2, {}, command, cpus=4, gpus=2)


def test_a_node_that_only_slurm_knows_is_found_at_its_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Node names need not be host names."""
    fake = tmp_path / "scontrol"
    fake.write_text(
        "#!/bin/sh\n"
        'if [ "$2" = hostnames ]; then echo no-such-host-7; echo no-such-host-8; fi\n'
        'if [ "$2 $3" = "node no-such-host-7" ]; then echo "   NodeAddr=127.0.0.7 NodeHostName=x"; fi\n',
        encoding="utf-8",
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert geometry({**TASK, "SLURM_STEP_NODELIST": "no-such-host-[7-8]"}, 2).address == "127.0.0.7"
