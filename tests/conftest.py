"""What several tests need: small studies, and Snakemake run in a folder of its own."""

from __future__ import annotations

import copy
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).resolve().parent.parent
HANG_LIMIT = 900  # seconds; generous, because test machines are noisy


def pytest_configure(config: pytest.Config) -> None:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")


@dataclass
class Workflow:
    """Snakemake on one study file in a folder of its own."""

    folder: Path
    config: dict[str, Any]
    snakefile: Path = PROJECT / "Snakefile"

    @property
    def results(self) -> Path:
        return self.folder / "results" / self.config["study"]

    def command(self, *arguments: str) -> list[str]:
        (self.folder / "study.yaml").write_text(yaml.safe_dump(self.config, sort_keys=False), encoding="utf-8")
        head = [sys.executable, "-m", "snakemake", "--snakefile", str(self.snakefile), "--configfile", "study.yaml"]
        return [*head, "--cores", "2", *arguments]

    def environment(self) -> dict[str, str]:
        drop = {"GRADUS", "GRADUS_JOURNAL", "GRADUS_WORK", "PYTHONPATH"}
        return {key: value for key, value in os.environ.items() if key not in drop}

    def run(self, *arguments: str, ok: bool = True) -> str:
        """Run to the end; the output. Fails the test if the status is not as expected."""
        done = subprocess.run(
            self.command(*arguments), cwd=self.folder, env=self.environment(), capture_output=True, text=True, timeout=HANG_LIMIT
        )
        output = done.stdout + done.stderr
        assert (done.returncode == 0) == ok, f"status {done.returncode}:\n{output[-6000:]}"
        return output

    def jobs(self, *arguments: str) -> dict[str, int]:
        """Jobs per rule that would run now."""
        output = self.run("--dry-run", "--quiet", "rules", *arguments)
        counts = re.findall(r"^(\w+)\s+(\d+)$", output, flags=re.MULTILINE)
        return {rule: int(count) for rule, count in counts if rule not in ("total", "all", "job")}

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start Snakemake in a process group of its own."""
        with open(self.folder / "output.txt", "wb") as stream:
            return subprocess.Popen(
                self.command(*arguments), cwd=self.folder, env=self.environment(), stdout=stream, stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """kill -9 for the whole run: Snakemake, its jobs, their ranks."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.run("--unlock")


def tiny_study(name: str = "tiny") -> dict[str, Any]:
    """One dataset of 24 + 10 problems, one student that learns next to nothing, two levels and the baseline."""
    recipe = {
        "learning_rate": 0.001, "epochs": 1.0, "batch_size": 8, "cutoff_tokens": 512, "micro_batch_tokens": 2048,
        "zero_stage": 2, "ranks": 2, "save_every": 2,
    }
    return copy.deepcopy({
        "study": name,
        "datasets": {"gradeschool": {"source": "gradeschool", "seed": 5, "train": 24, "test": 10}},
        "teachers": {"tutor": {"provider": "tutor"}, "gold": {"provider": "gold"}},
        "students": {
            "mini": {
                "kind": "built", "layers": 1, "hidden": 16, "heads": 2, "vocabulary": 400, "seed": 1,
                "corpus": {"source": "primer", "seed": 3, "documents": 64}, "warm_up": {**recipe, "batch_size": 16},
            }
        },
        "recipe": recipe,
        "decodings": {"greedy": {"max_new_tokens": 12, "batch_size": 4}},
        "experiments": {
            "granularity": {
                "question": "How fine?", "axis": "level", "datasets": ["gradeschool"], "teachers": ["tutor"],
                "levels": ["L1", "L2"], "students": ["mini"], "seeds": [1], "baselines": ["gold/answer-only/native"],
            }
        },
    })


@pytest.fixture
def workflow(tmp_path: Path) -> Callable[..., Workflow]:
    """Make a workflow in a new folder."""

    def make(config: dict[str, Any] | None = None, snakefile: Path = PROJECT / "Snakefile") -> Workflow:
        return Workflow(tmp_path, config or tiny_study(), snakefile)

    return make


@pytest.fixture(scope="session")
def gradus_data() -> Path:
    """The folder of real data; skips where there is none."""
    folder = os.environ.get("GRADUS_DATA")
    if not folder:
        pytest.skip("GRADUS_DATA is not set: the real datasets are not here")
    return Path(folder)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workflow]:
    """The tiny study, run to the end once; tests must leave it as they found it."""
    made = Workflow(tmp_path_factory.mktemp("finished"), tiny_study())
    made.run()
    yield made
