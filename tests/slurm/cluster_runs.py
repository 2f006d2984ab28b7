"""`snakemake --profile slurm` as the tests run it: its trainings, their steps and jobs, and how they are held in mid-work."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from running import HANG_LIMIT, wait_for
from slurm_cluster import ACCOUNT, Cluster

CELL = "gradeschool/tutor/original/L1"
PARTITIONS = {"GRADUS_ACCOUNT": ACCOUNT, "GRADUS_CPU_PARTITION": "cpu", "GRADUS_GPU_PARTITION": "gpu"}
STEPS = 300  # of a training that is disturbed: seconds, so it is held in mid-work until it is struck


def target(student: str) -> str:
    """What to ask for of a cell."""
    return f"results/cluster/checkpoints/{CELL}/{student}/seed1/manifest.json"


@dataclass
class Run:
    """`snakemake --profile slurm` in a copy of the project."""

    cluster: Cluster
    folder: Path
    study: dict[str, Any]
    process: subprocess.Popen[bytes] | None = None

    @property
    def results(self) -> Path:
        return self.folder / "results" / str(self.study["study"])

    @property
    def work(self) -> Path:
        return self.folder / "work"

    @property
    def output(self) -> str:
        return (self.folder / "output.txt").read_text(encoding="utf-8")

    def jobs(self) -> list[dict[str, str]]:
        """What SLURM's accounting knows of the jobs that this command submitted."""
        runs = re.findall(r"SLURM run ID: (\S+)", self.output)
        return [job for job in self.cluster.jobs() if job["JobName"] in runs]

    def start(self, *targets: str) -> None:
        """The command that docs/howto/cluster.md tells."""
        (self.folder / "study.yaml").write_text(yaml.safe_dump(self.study, sort_keys=False), encoding="utf-8")
        command = [sys.executable, "-m", "snakemake", *targets, "--profile", "slurm", "--configfile", "study.yaml"]
        with open(self.folder / "output.txt", "ab") as stream:
            self.process = subprocess.Popen(
                [*command, "--slurm-init-seconds-before-status-checks", "5"],
                cwd=self.folder,
                env={**self.cluster.environment, **PARTITIONS, "PYTHONPATH": "", "GRADUS_WORK": str(self.work)},
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def finish(self) -> None:
        assert self.process is not None
        assert self.process.wait(timeout=HANG_LIMIT) == 0, self.output[-6000:]

    def checkpoint(self, student: str, seed: int = 1) -> Path:
        return self.results / "checkpoints" / CELL / student / f"seed{seed}"

    def training(self, student: str, seed: int = 1) -> dict[str, str] | None:
        """The job that trains a cell now."""
        return self.cluster.running(
            f"rule_train_wildcards_{self.study['study']}_{CELL.replace('/', '_')}_{student}_{seed}"
        )

    def steps(self, student: str, seed: int = 1) -> int:
        """Steps that a training in progress has logged."""
        for identity in self.work.glob("*/identity.json"):
            job = identity.parent / "job-0.json"
            if job.exists() and f"{CELL}/{student}/seed{seed}" in job.read_text(encoding="utf-8"):
                trace = identity.parent / "trace.jsonl"
                return trace.read_bytes().count(b"\n") if trace.exists() else 0
        return 0

    @contextlib.contextmanager
    def held(self, *names: str) -> Iterator[list[dict[str, str]]]:
        """Stop the clocks of some trainings, each when it has saved progress and is far from its end, for a block; their jobs."""
        jobs: dict[str, dict[str, str]] = {}

        def all_held() -> bool:
            for name in names:
                if name not in jobs and self.steps(name) > 50:
                    job = self.training(name)
                    assert job is not None, f"no job trains {name}\n{self.output[-3000:]}"
                    jobs[name] = job
                    self.cluster.signal_trainings(job["job"], signal.SIGSTOP)
            return len(jobs) == len(names) or self.ended()

        try:
            wait_for(all_held, f"steps of {names}")
            assert all(self.steps(name) < STEPS - 100 for name in names), "too late to strike in mid-work"
            yield [jobs[name] for name in names]
        finally:
            for job in jobs.values():
                self.cluster.signal_trainings(job["job"], signal.SIGCONT)

    def ended(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.output[-6000:]
        return False

    def log(self, student: str, seed: int = 1) -> str:
        path = self.results / "logs" / "checkpoints" / CELL / student / f"seed{seed}.log"
        return path.read_text(encoding="utf-8")
