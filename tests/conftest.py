"""What several tests need: small studies, and Snakemake run in a folder of its own."""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import slurm_cluster
import yaml
from fake_provider import KEY
from slurm_cluster import Cluster

PROJECT = Path(__file__).resolve().parent.parent
TARGETS = ("total", "job", "all", "annotations", "checkpoints", "metrics", "tables", "figures", "exhibits")
HANG_LIMIT = 900  # seconds; generous, because test machines are noisy


def pytest_configure(config: pytest.Config) -> None:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")


@dataclass
class Workflow:
    """Snakemake on one study file in a folder of its own."""

    folder: Path
    config: dict[str, Any]
    snakefile: Path = PROJECT / "Snakefile"
    before: tuple[str, ...] = ()  # a command that runs the command, `nice` say

    @property
    def results(self) -> Path:
        return self.folder / "results" / self.config["study"]

    def command(self, *arguments: str) -> list[str]:
        (self.folder / "study.yaml").write_text(yaml.safe_dump(self.config, sort_keys=False), encoding="utf-8")
        head = [sys.executable, "-m", "snakemake", "--snakefile", str(self.snakefile), "--configfile", "study.yaml"]
        return [*self.before, *head, "--cores", "2", *arguments]

    def environment(self) -> dict[str, str]:
        drop = {"GRADUS", "GRADUS_JOURNAL", "GRADUS_WORK", "PYTHONPATH"}
        return {key: value for key, value in os.environ.items() if key not in drop}

    def run(self, *arguments: str, ok: bool = True) -> str:
        """Run to the end; the output. Fails the test if the status is not as expected."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=HANG_LIMIT,
        )
        output = done.stdout + done.stderr
        assert (done.returncode == 0) == ok, f"status {done.returncode}:\n{output[-6000:]}"
        return output

    def jobs(self, *arguments: str) -> dict[str, int]:
        """Jobs per rule that would run now."""
        output = self.run("--quiet", "rules", "--dry-run", *arguments)
        counts = re.findall(r"^(\w+)\s+(\d+)$", output, flags=re.MULTILINE)
        return {rule: int(count) for rule, count in counts if rule not in TARGETS}

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start Snakemake in a process group of its own."""
        with open(self.folder / "output.txt", "wb") as stream:
            return subprocess.Popen(
                self.command(*arguments),
                cwd=self.folder,
                env=self.environment(),
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """kill -9 for the whole run: Snakemake, its jobs, their ranks."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.run("--unlock")


def undocumented_fields(results: Path) -> set[str]:
    """Fields of JSON objects and columns of tables below a study's results that docs/reference/outputs.md does not name."""
    told = set(re.findall(r"\w+", (PROJECT / "docs" / "reference" / "outputs.md").read_text(encoding="utf-8")))
    of_others = ("weights", "model", "report", "archive", "journal")
    found = set()
    for path in results.rglob("*.*"):
        if set(path.relative_to(results).parts[:-1]) & set(of_others) or path.name == "study.json":
            continue
        if path.suffix in (".json", ".jsonl"):
            lines = path.read_text(encoding="utf-8").splitlines()
            content = json.loads(lines[0] if path.suffix == ".jsonl" and lines else "\n".join(lines) or "{}")
            found |= set(content) if isinstance(content, dict) else set()
        if path.suffix == ".csv":
            found |= set(path.read_text(encoding="utf-8").split("\n", 1)[0].split(","))
    return found - told


def tiny_study(name: str = "tiny") -> dict[str, Any]:
    """One dataset of 24 + 10 problems, two students that learn next to nothing, one level and the baseline: four cells."""
    recipe = {
        "learning_rate": 0.001,
        "epochs": 1.0,
        "batch_size": 8,
        "cutoff_tokens": 512,
        "micro_batch_tokens": 2048,
        "zero_stage": 2,
        "ranks": 2,
        "precision": "fp32",
        "warmup_share": 0.0,
        "save_every": 2,
    }
    student = {
        "kind": "built",
        "layers": 1,
        "hidden": 16,
        "heads": 2,
        "vocabulary": 400,
        "seed": 1,
        "corpus": {"source": "primer", "seed": 3, "documents": 64},
        "warm_up": {**recipe, "batch_size": 16},
    }
    return copy.deepcopy(
        {
            "study": name,
            "datasets": {"gradeschool": {"source": "gradeschool", "seed": 5, "train": 24, "test": 10}},
            "teachers": {"tutor": {"provider": "tutor"}, "gold": {"provider": "gold"}},
            "students": {"mini": student, "midi": {**student, "seed": 2, "recipe": {"learning_rate": 0.002}}},
            "recipe": recipe,
            "decodings": {"greedy": {"max_new_tokens": 12, "batch_size": 4}},
            "experiments": {
                "granularity": {
                    "question": "How fine?",
                    "axis": "level",
                    "datasets": ["gradeschool"],
                    "teachers": ["tutor"],
                    "levels": ["L1"],
                    "students": ["mini", "midi"],
                    "seeds": [1],
                    "baselines": ["gold/answer-only/native"],
                }
            },
        }
    )


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
def finished(tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    """The tiny study, run to the end once; tests must leave it as they found it."""
    made = Workflow(tmp_path_factory.mktemp("finished"), tiny_study())
    made.run()
    return made


@pytest.fixture
def copied(finished: Workflow, tmp_path: Path) -> Workflow:
    """A copy of the finished study, with Snakemake's records, to change at will."""
    shutil.copytree(finished.folder, tmp_path / "copy", symlinks=True)
    return Workflow(tmp_path / "copy", copy.deepcopy(finished.config))


def copy_project(target: Path) -> None:
    """Copy the project's code: what a clone holds, without tests and documents."""
    for name in ("rules", "scripts", "envs", "report", "prompts", "profiles", "published"):
        shutil.copytree(PROJECT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    (target / "slurm").symlink_to("profiles/slurm")
    for name in ("Snakefile", "config.yaml", "prices.yaml"):
        shutil.copy2(PROJECT / name, target)


@pytest.fixture
def project_copy(tmp_path: Path) -> Path:
    """A copy of the project's code, to change at will."""
    copy_project(tmp_path / "project")
    return tmp_path / "project"


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A real SLURM with two nodes; skips where none can be booted, fails there if GRADUS_REQUIRE_SLURM is set."""
    missing = slurm_cluster.missing_programs()
    if missing:
        reason = f"no SLURM cluster can be booted here: {', '.join(missing)}"
        if os.environ.get("GRADUS_REQUIRE_SLURM"):
            pytest.fail(reason)
        pytest.skip(reason)
    running = slurm_cluster.start(tmp_path_factory.mktemp("slurm"))
    try:
        yield running
    finally:
        running.stop()


@dataclass
class Provider:
    """The fake provider in a process of its own."""

    port: int
    process: subprocess.Popen[str]

    @property
    def openai(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def anthropic(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def control(self, **values: Any) -> dict[str, Any]:
        """Change its behaviour, and see what it did."""
        data = json.dumps(values).encode() if values else None
        request = urllib.request.Request(f"{self.anthropic}/control", data=data, method="POST" if values else "GET")
        with urllib.request.urlopen(request, timeout=30) as answer:
            shown: dict[str, Any] = json.loads(answer.read())
            return shown


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """A fake provider with a fresh bill; the keys that it accepts are in the environment."""
    command = [sys.executable, str(PROJECT / "tests" / "fake_provider.py")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    try:
        yield Provider(int(process.stdout.readline()), process)
    finally:
        process.kill()
        process.wait()


def decoding(**values: Any) -> str:
    """A decoding's settings as a rule passes them on."""
    from gradus.study.config.study import Decoding

    return json.dumps(Decoding(**values).model_dump())


def program(*arguments: object, folder: Path, limits: Callable[[], None] | None = None, **environment: str) -> Any:
    """Run one of the programs as a rule would; the finished process with its output."""
    command = [sys.executable, str(PROJECT / "scripts" / f"{arguments[0]}.py"), *map(str, arguments[1:])]
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=HANG_LIMIT,
        preexec_fn=limits,
        check=False,
    )


def wait_for(condition: Callable[[], object], what: str, seconds: float = 300) -> None:
    """Wait until something is so; the test fails if it never is."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"never happened: {what}"
        time.sleep(0.02)
