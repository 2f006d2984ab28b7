"""What a job asks SLURM, by clients that answer what a test wants (tests/slurm asks a real one)."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from gradus.runtime.slurm import address_of, end_of_job, hosts, is_preempted, is_running, requeue


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    def make(name: str, script: str) -> None:
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)

    return make


@pytest.mark.parametrize(
    ("script", "expected"), [("echo 2026-11-21T10:00:00", True), ("echo NONE", False), ("", False), ("exit 1", False)]
)
def test_the_end_of_a_job_is_what_slurm_says(client: Callable[[str, str], None], script: str, expected: bool) -> None:
    client("squeue", script)
    wanted = datetime(2026, 11, 21, 10).timestamp() if expected else None
    assert end_of_job({"SLURM_JOB_ID": "7"}) == wanted
    assert end_of_job({}) is None


def test_a_job_is_preempted_when_slurm_names_a_time(client: Callable[[str, str], None]) -> None:
    client("scontrol", "echo '   PreemptEligibleTime=2026-11-21T07:00:00 PreemptTime=None'")
    assert not is_preempted("7")
    client("scontrol", "echo '   PreemptEligibleTime=2026-11-21T07:00:00 PreemptTime=2026-11-21T07:30:00'")
    assert is_preempted("7")


def test_requeueing_tells_whether_it_was_allowed(client: Callable[[str, str], None]) -> None:
    client("scontrol", '[ "$*" = "requeue 7" ]')
    assert requeue("7")
    assert not requeue("8")


def test_without_slurm_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert is_running("7") is None
    assert end_of_job({"SLURM_JOB_ID": "7"}) is None
    assert hosts("n[1-2]") == []
    assert address_of("n1") is None
    assert not is_preempted("7")
    assert not requeue("7")
