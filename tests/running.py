"""Programs and workflows run as their users run them: in folders of their own, in processes that can be killed."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import forked_snakemake
import yaml

from gradus.data.datasets.sources import load_problems
from gradus.records import Annotation
from gradus.records.vocabulary import LEVELS
from gradus.runtime.atomic import canonical_json
from gradus.runtime.jsonl import read_records, write_records
from gradus.study.config import load
from gradus.study.config.datasets import GradeschoolDataset
from gradus.study.config.teachers import AnthropicTeacher, ChatTeacher, OpenAITeacher, VllmTeacher
from gradus.study.paths import is_run_record
from gradus.teachers.prompts.exemplars import save_exemplar
from gradus.teachers.prompts.prompting import Exemplar
from gradus.workflow.training import training_settings

PROJECT = Path(__file__).resolve().parent.parent
# The rules that only name what can be asked for.
TARGETS = {
    "all",
    "annotations",
    "audits",
    "batches_submitted",
    "batches_collected",
    "teacher_accuracies",
    "student_fits",
    "checkpoints",
    "metrics",
    "tables",
    "figures",
    "exhibits",
}
# Trainings and answers of all tests share a starter, those of parallel test processes too.
SHARED_IMPORTS = {"GRADUS_STARTER": str(os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid())}
_OF_TESTS = {"PYTEST_CURRENT_TEST", "PYTEST_XDIST_WORKER"}  # by which no two jobs would be alike
HANG_LIMIT = 900  # seconds; generous, because test machines are noisy
CELL = "gradeschool/tutor/original/L1"  # of the tiny study; its students are mini and midi


@dataclass
class Workflow:
    """Snakemake on one study file in a folder of its own."""

    folder: Path
    config: dict[str, Any]
    snakefile: Path = PROJECT / "Snakefile"
    before: tuple[str, ...] = ()  # a command that runs the command, `nice` say

    @property
    def results(self) -> Path:
        return self.folder / "results" / str(self.config["study"])

    def command(self, *arguments: str) -> list[str]:
        (self.folder / "study.yaml").write_text(yaml.safe_dump(self.config, sort_keys=False), encoding="utf-8")
        head = [sys.executable, "-m", "snakemake", "--snakefile", str(self.snakefile), "--configfile", "study.yaml"]
        return [*self.before, *head, "--cores", "2", *arguments]

    def environment(self) -> dict[str, str]:
        drop = {"GRADUS", "GRADUS_JOURNAL", "GRADUS_WORK", "PYTHONPATH", *_OF_TESTS}
        return {key: value for key, value in os.environ.items() if key not in drop}

    def run(self, *arguments: str, ok: bool = True) -> str:
        """Run to the end; the output. Fails the test if the status is not as expected."""
        command, environment = self.command(*arguments), self.environment()
        if self.snakefile == PROJECT / "Snakefile" and not self.before and forked_snakemake.can_run(environment):
            environment = {**SHARED_IMPORTS, **environment}
            status, output = forked_snakemake.run(command[3:], self.folder, environment, HANG_LIMIT)
        else:
            done = subprocess.run(
                command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=HANG_LIMIT
            )
            status, output = done.returncode, done.stdout + done.stderr
        assert (status == 0) == ok, f"status {status}:\n{output[-6000:]}"
        return output

    def jobs(self, *arguments: str) -> dict[str, int]:
        """Jobs per rule that would run now."""
        output = self.run("--quiet", "rules", "--dry-run", *arguments)
        counts = re.findall(r"^(\w+)\s+(\d+)$", output, flags=re.MULTILINE)
        return {rule: int(count) for rule, count in counts if rule not in {"job", "total"} | TARGETS}

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


def copy_project(target: Path) -> None:
    """Copy the project's code: what a clone holds, without tests and documents (but the one that the explorer reads).

    With what Python has compiled of it, which spares each copy some seconds; not with what it is writing at the moment.
    """
    for name in ("rules", "scripts", "envs", "report", "prompts", "profiles", "published"):
        shutil.copytree(PROJECT / name, target / name, ignore=shutil.ignore_patterns("*.pyc.*", "*.tmp"))
    (target / "slurm").symlink_to("profiles/slurm")
    (target / "docs").mkdir()
    for name in ("Snakefile", "config.yaml", "prices.yaml", "docs/glossary.md"):
        shutil.copy2(PROJECT / name, target / name)


def _outside_of_tests() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _OF_TESTS}


def program(*arguments: object, folder: Path, limits: Callable[[], None] | None = None, **environment: str) -> Any:
    """Run one of the programs as a rule would; the finished process with its output."""
    command = [sys.executable, str(PROJECT / "scripts" / f"{arguments[0]}.py"), *map(str, arguments[1:])]
    return subprocess.run(
        command,
        cwd=folder,
        env={**_outside_of_tests(), **SHARED_IMPORTS, **environment},
        capture_output=True,
        text=True,
        timeout=HANG_LIMIT,
        preexec_fn=limits,
        check=False,
    )


def start(folder: Path, work: Path, *arguments: object) -> subprocess.Popen[bytes]:
    """A program in a process group of its own, as kill -9 of a whole job needs it."""
    command = [sys.executable, str(PROJECT / "scripts" / f"{arguments[0]}.py"), *map(str, arguments[1:])]
    environment = {**os.environ, "GRADUS_WORK": str(work), "GRADUS_JOURNAL": str(work / "journal")}
    with open(work / "output.txt", "ab") as stream:
        return subprocess.Popen(
            command, cwd=folder, env=environment, stdout=stream, stderr=subprocess.STDOUT, start_new_session=True
        )


def wait_for(condition: Callable[[], object], what: str, seconds: float = 300, pause: float = 0.02) -> None:
    """Wait until something is so; the test fails if it never is."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"never happened: {what}"
        time.sleep(pause)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not (".run." in path.name or is_run_record(path.as_posix()))
        and path.name != ".snakemake_timestamp"
    }


def saved_steps(work: Path) -> list[int]:
    return sorted(int(path.parent.name.split("-")[1]) for path in work.glob("*/step-*/complete.json"))


def training(finished: Workflow, output: Path, **changes: object) -> list[object]:
    """A training of 24 steps with progress saved at every second one."""
    study = load(finished.config)
    chosen = json.loads(training_settings(study, "mini", 1))
    chosen["recipe"] |= {"epochs": 8.0, **changes}
    results = finished.results
    return [
        "train",
        "--cell",
        "test",
        "--training-set",
        results / "training_sets" / CELL / "mini.jsonl",
        "--student",
        results / "students" / "mini",
        "--settings",
        canonical_json(chosen),
        "--save-every",
        str(changes.get("save_every", 2)),
        "--output",
        output,
    ]


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


def url(provider: Provider, kind: str) -> str:
    return provider.anthropic if kind == "anthropic" else provider.openai


PRICE = {
    "input_usd_per_million": 2.5,
    "output_usd_per_million": 10.0,
    "batch_factor": 0.5,
    "seen": "2026-11-21",
    "source": "t",
}
EXEMPLAR = Exemplar("What is 1 + 1?", "2", {level: f"At {level}." for level in LEVELS}, "x", "teacher")
KINDS: dict[str, type[ChatTeacher]] = {"openai": OpenAITeacher, "anthropic": AnthropicTeacher, "vllm": VllmTeacher}


class Annotating:
    """One annotation job in a folder of its own."""

    def __init__(self, folder: Path, count: int, kind: str = "openai", **keys: Any) -> None:
        self.folder = folder
        entry = {"provider": kind, "model": "model-1", "price": PRICE, "timeout_seconds": 20.0, **keys}
        self.kind = KINDS[kind]
        self.settings = self.kind.model_validate(entry).model_dump(mode="json")
        section = GradeschoolDataset(source="gradeschool", seed=9, train=count, test=1)
        write_records(folder / "problems.jsonl", load_problems("g", section, "train", None).problems)
        save_exemplar(folder / "exemplar.json", EXEMPLAR)
        self.output = folder / "out.jsonl"

    def arguments(self, **options: str) -> list[str]:
        teacher = self.kind.model_validate(self.settings)
        given = {
            "problems": "problems.jsonl",
            "supervision": "g/t/original/L3",
            "teacher-settings": json.dumps(teacher.identity()),
            "request-policy": json.dumps(teacher.policy()),
            "exemplars": "exemplar.json",
            "prompts": str(PROJECT / "prompts"),
            "prices": str(PROJECT / "prices.yaml"),
            "output": str(self.output),
            **options,
        }
        return [part for name, value in given.items() for part in (f"--{name}", value)]

    def run(self, **options: str) -> Any:
        return program("annotate", *self.arguments(**options), folder=self.folder)

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(PROJECT / "scripts" / "annotate.py"), *self.arguments()]
        return subprocess.Popen(command, cwd=self.folder, stderr=subprocess.DEVNULL)

    def rows(self) -> list[Annotation]:
        return read_records(self.output, Annotation)

    def entries(self) -> list[dict[str, Any]]:
        shards = sorted((self.folder / "journal" / "t").glob("*.jsonl"))
        lines = [line for shard in shards for line in shard.read_bytes().split(b"\n")[:-1]]
        return [json.loads(line) for line in lines]
