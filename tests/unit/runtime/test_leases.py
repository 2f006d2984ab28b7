"""One writer for each piece of progress: locks on one machine, SLURM and signs of life between machines."""

import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from running import PROJECT, wait_for

from gradus.runtime import leases
from gradus.runtime.errors import UserError
from gradus.runtime.leases import lease
from gradus.runtime.slurm import is_running

HOLD = """
import sys, time
sys.path.insert(0, {scripts!r})
from gradus.runtime import leases
leases.BEAT = 0.1
from pathlib import Path
with leases.lease(Path({progress!r}), "work"):
    {body}
"""


def holder(progress: Path, body: str, **environment: str) -> subprocess.Popen[str]:
    code = HOLD.format(scripts=str(PROJECT / "scripts"), progress=str(progress), body=body)
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", code], stderr=pipe, text=True, env={**os.environ, **environment})


def lease_of(progress: Path) -> Path:
    return progress.with_name(f"{progress.name}.lease")


def is_held(progress: Path) -> bool:
    return lease_of(progress).exists() and lease_of(progress).stat().st_size > 0


def foreign(progress: Path, job: str | None) -> None:
    """A lease as another machine leaves it: this one sees no lock."""
    facts = {"machine": "elsewhere", "host": "n9", "process": 1, "job": job}
    lease_of(progress).write_text(json.dumps(facts), encoding="utf-8")


def scheduler(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A squeue that answers what a test wants."""
    (folder / "bin").mkdir()
    (folder / "bin" / "squeue").write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (folder / "bin" / "squeue").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:{os.environ['PATH']}")


@pytest.fixture(autouse=True)
def no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    monkeypatch.setattr(leases, "POLL", 0.02)


def test_only_one_of_many_processes_is_inside(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")
    body = f"p = Path({str(counter)!r}); n = int(p.read_text()); time.sleep(0.05); p.write_text(str(n + 1))"
    crowd = [holder(tmp_path / "progress", body) for _ in range(8)]
    assert [process.wait(120) for process in crowd] == [0] * 8
    assert counter.read_text() == "8"
    assert not lease_of(tmp_path / "progress").exists()


def test_a_killed_holder_is_followed_at_once(tmp_path: Path) -> None:
    process = holder(tmp_path / "progress", "time.sleep(600)")
    wait_for(lambda: is_held(tmp_path / "progress"), "the lease")
    with pytest.raises(UserError, match=f"process {process.pid} is still working on this"):
        _try(tmp_path / "progress", patience="0.1")
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert is_held(tmp_path / "progress"), "a killed process cannot put its lease away"
    _try(tmp_path / "progress", patience="0")
    assert not lease_of(tmp_path / "progress").exists()


def _try(progress: Path, patience: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADUS_LEASE_WAIT", patience)
        with lease(progress, "work"):
            assert json.loads(lease_of(progress).read_text(encoding="utf-8"))["process"] == os.getpid()


def test_the_lease_is_free_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), lease(tmp_path / "progress", "work"):
        raise RuntimeError
    _try(tmp_path / "progress", patience="0")


@pytest.mark.parametrize("state", ["RUNNING", "COMPLETING", "SUSPENDED"])
def test_a_job_that_slurm_runs_elsewhere_is_waited_for_however_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    monkeypatch.setattr(leases, "SILENCE", 0.0)
    scheduler(tmp_path, monkeypatch, f'[ "$3" = 812 ] && echo {state}')
    foreign(tmp_path / "progress", "812")
    with pytest.raises(UserError, match="SLURM job 812 is still working on this") as refused:
        _try(tmp_path / "progress", patience="0.3")
    assert str(lease_of(tmp_path / "progress")) in str(refused.value)


@pytest.mark.parametrize(
    "answer",
    [
        "echo COMPLETED",
        "echo PENDING",
        "echo NODE_FAIL",
        "exit 0",
        'echo "error: Invalid job id specified" >&2; exit 1',
    ],
)
def test_a_job_that_slurm_does_not_run_is_followed_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    scheduler(tmp_path, monkeypatch, answer)
    foreign(tmp_path / "progress", "812")
    _try(tmp_path / "progress", patience="0")


def test_where_slurm_does_not_answer_nothing_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "SILENCE", 0.0)
    scheduler(tmp_path, monkeypatch, 'echo "Unable to contact slurm controller" >&2; exit 1')
    assert is_running("812") is None
    foreign(tmp_path / "progress", "812")
    with pytest.raises(UserError, match="SLURM job 812"):
        _try(tmp_path / "progress", patience="0.3")


@pytest.mark.parametrize("job", [None, "812"])
def test_the_same_job_elsewhere_is_followed_when_it_has_gone_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, job: str | None
) -> None:
    """A lost node may still compute for a job that its scheduler starts again; outside SLURM nobody can be asked."""
    monkeypatch.setattr(leases, "SILENCE", 0.5)
    if job:
        monkeypatch.setenv("SLURM_JOB_ID", job)
    scheduler(tmp_path, monkeypatch, "echo RUNNING")
    foreign(tmp_path / "progress", job)
    start = time.monotonic()
    _try(tmp_path / "progress", patience="60")
    assert time.monotonic() - start >= 0.5


def test_a_holder_that_beats_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "SILENCE", 1.0)
    process = holder(tmp_path / "progress", "time.sleep(600)", SLURM_JOB_ID="812")
    try:
        wait_for(lambda: is_held(tmp_path / "progress"), "the lease")
        monkeypatch.setenv("SLURM_JOB_ID", "812")
        monkeypatch.setattr(leases, "machine", lambda: "here")
        monkeypatch.setattr(fcntl, "flock", _no_locks)
        with pytest.raises(UserError, match="SLURM job 812"):
            _try(tmp_path / "progress", patience="3")
    finally:
        process.kill()
        process.wait()


def _no_locks(*_: Any) -> None:
    raise OSError(errno.ENOTSUP, "no locks here")


def test_a_file_system_without_locks_is_decided_by_signs_of_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "flock", _no_locks)
    monkeypatch.setattr(leases, "SILENCE", 0.5)
    lease_of(tmp_path / "progress").write_text(
        json.dumps({"machine": leases.machine(), "host": "here", "process": 1, "job": None}), encoding="utf-8"
    )
    with pytest.raises(UserError, match="process 1 is still working on this"):
        _try(tmp_path / "progress", patience="0.1")
    _try(tmp_path / "progress", patience="60")


def test_a_holder_whose_lease_was_taken_ends(tmp_path: Path) -> None:
    process = holder(tmp_path / "progress", "time.sleep(600)")
    wait_for(lambda: is_held(tmp_path / "progress"), "the lease")
    foreign(tmp_path / "progress", "813")
    assert process.wait(60) == 1
    assert "was taken by" in process.stderr.read()  # type: ignore[union-attr]
    assert is_held(tmp_path / "progress"), "the other's lease stays"


def test_a_torn_lease_is_taken(tmp_path: Path) -> None:
    lease_of(tmp_path / "progress").write_text('{"machine": "els', encoding="utf-8")
    _try(tmp_path / "progress", patience="0")
