"""One writer for each piece of progress: locks on one machine, SLURM and signs of life between machines."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import PROJECT, wait_for

from gradus.runtime import leases as claims
from gradus.runtime.errors import UserError
from gradus.runtime.leases import claimed
from gradus.runtime.slurm import is_running

HOLD = """
import sys, time
sys.path.insert(0, {scripts!r})
from gradus.runtime import leases as claims
claims.BEAT = 0.1
from pathlib import Path
with claims.claimed(Path({progress!r}), "work"):
    {body}
"""


def holder(progress: Path, body: str, **environment: str) -> subprocess.Popen[str]:
    code = HOLD.format(scripts=str(PROJECT / "scripts"), progress=str(progress), body=body)
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", code], stderr=pipe, text=True, env={**os.environ, **environment})


def claim_of(progress: Path) -> Path:
    return progress.with_name(f"{progress.name}.claim")


def is_held(progress: Path) -> bool:
    return claim_of(progress).exists() and claim_of(progress).stat().st_size > 0


def foreign(progress: Path, job: str | None) -> None:
    """A claim as another machine leaves it: this one sees no lock."""
    facts = {"machine": "elsewhere", "host": "n9", "process": 1, "job": job}
    claim_of(progress).write_text(json.dumps(facts), encoding="utf-8")


def scheduler(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A squeue that answers what a test wants."""
    (folder / "bin").mkdir()
    (folder / "bin" / "squeue").write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (folder / "bin" / "squeue").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:{os.environ['PATH']}")


@pytest.fixture(autouse=True)
def no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    monkeypatch.setattr(claims, "POLL", 0.02)


def test_only_one_of_many_processes_is_inside(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")
    body = f"p = Path({str(counter)!r}); n = int(p.read_text()); time.sleep(0.05); p.write_text(str(n + 1))"
    crowd = [holder(tmp_path / "progress", body) for _ in range(8)]
    assert [process.wait(120) for process in crowd] == [0] * 8
    assert counter.read_text() == "8"
    assert not claim_of(tmp_path / "progress").exists()


def test_a_killed_holder_is_followed_at_once(tmp_path: Path) -> None:
    process = holder(tmp_path / "progress", "time.sleep(600)")
    wait_for(lambda: is_held(tmp_path / "progress"), "the claim")
    with pytest.raises(UserError, match=f"process {process.pid} is still at this"):
        _try(tmp_path / "progress", patience="0.1")
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert is_held(tmp_path / "progress"), "a killed process cannot put its claim away"
    _try(tmp_path / "progress", patience="0")
    assert not claim_of(tmp_path / "progress").exists()


def _try(progress: Path, patience: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADUS_CLAIM_WAIT", patience)
        with claimed(progress, "work"):
            assert json.loads(claim_of(progress).read_text(encoding="utf-8"))["process"] == os.getpid()


def test_the_claim_is_free_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), claimed(tmp_path / "progress", "work"):
        raise RuntimeError
    _try(tmp_path / "progress", patience="0")


@pytest.mark.parametrize("state", ["RUNNING", "COMPLETING", "SUSPENDED"])
def test_a_job_that_slurm_runs_elsewhere_is_waited_for_however_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    monkeypatch.setattr(claims, "SILENCE", 0.0)
    scheduler(tmp_path, monkeypatch, f'[ "$3" = 812 ] && echo {state}')
    foreign(tmp_path / "progress", "812")
    with pytest.raises(UserError, match="SLURM job 812 is still at this") as refused:
        _try(tmp_path / "progress", patience="0.3")
    assert str(claim_of(tmp_path / "progress")) in str(refused.value)


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
    monkeypatch.setattr(claims, "SILENCE", 0.0)
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
    monkeypatch.setattr(claims, "SILENCE", 0.5)
    if job:
        monkeypatch.setenv("SLURM_JOB_ID", job)
    scheduler(tmp_path, monkeypatch, "echo RUNNING")
    foreign(tmp_path / "progress", job)
    start = time.monotonic()
    _try(tmp_path / "progress", patience="60")
    assert time.monotonic() - start >= 0.5


def test_a_holder_that_beats_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "SILENCE", 1.0)
    process = holder(tmp_path / "progress", "time.sleep(600)", SLURM_JOB_ID="812")
    try:
        wait_for(lambda: is_held(tmp_path / "progress"), "the claim")
        monkeypatch.setenv("SLURM_JOB_ID", "812")
        monkeypatch.setattr(claims, "machine", lambda: "here")
        monkeypatch.setattr(claims.fcntl, "flock", _no_locks)
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
    monkeypatch.setattr(claims.fcntl, "flock", _no_locks)
    monkeypatch.setattr(claims, "SILENCE", 0.5)
    claim_of(tmp_path / "progress").write_text(
        json.dumps({"machine": claims.machine(), "host": "here", "process": 1, "job": None}), encoding="utf-8"
    )
    with pytest.raises(UserError, match="process 1 is still at this"):
        _try(tmp_path / "progress", patience="0.1")
    _try(tmp_path / "progress", patience="60")


def test_a_holder_whose_claim_was_taken_ends(tmp_path: Path) -> None:
    process = holder(tmp_path / "progress", "time.sleep(600)")
    wait_for(lambda: is_held(tmp_path / "progress"), "the claim")
    foreign(tmp_path / "progress", "813")
    assert process.wait(60) == 1
    assert "was taken by" in process.stderr.read()  # type: ignore[union-attr]
    assert is_held(tmp_path / "progress"), "the other's claim stays"


def test_a_torn_claim_is_taken(tmp_path: Path) -> None:
    claim_of(tmp_path / "progress").write_text('{"machine": "els', encoding="utf-8")
    _try(tmp_path / "progress", patience="0")
